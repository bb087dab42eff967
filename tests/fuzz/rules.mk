# The fuzzers: one small program for each file of tests/fuzz, made by clang++ with libFuzzer and the
# address and undefined sanitizers, in a build of its own. What they need of the sources is compiled
# file by file, and no more than that.
FUZZ_CXX ?= clang++
FUZZ_BUILD ?= $(BUILD)/fuzz
FUZZ_TARGETS := $(filter-out fuzz,$(basename $(notdir $(wildcard tests/fuzz/*.cpp))))
FUZZ_PROGRAMS := $(addprefix $(BUILD)/,$(FUZZ_TARGETS))
TARGET ?=
# (A shell's own SECONDS, which counts, is none of ours.)
FUZZ_SECONDS = $(if $(filter command%,$(origin SECONDS)),$(SECONDS),60)

fuzz: ## look for inputs that break a parser (TARGET= SECONDS=60; without TARGET: the list)
	@FUZZ_CXX='$(FUZZ_CXX)' FUZZ_BUILD='$(FUZZ_BUILD)' MAKE='$(MAKE)' \
		bash tests/fuzz/run $(if $(TARGET),'$(TARGET)' '$(FUZZ_SECONDS)')

fuzz-smoke: ## each fuzzer some 5,000 times from its corpus
	@FUZZ_CXX='$(FUZZ_CXX)' FUZZ_BUILD='$(FUZZ_BUILD)' MAKE='$(MAKE)' bash tests/fuzz/run smoke

# What follows is for the make that tests/fuzz/run starts, with BUILD, CXX and SANITIZE of its own.
ifneq ($(findstring fuzzer,$(SANITIZE)),)
$(BUILD)/obj/tests/fuzz/%.o: override OPTIMIZE := -O1 -g1
fuzz_core = $(addprefix stage6-daemon-shim/core/,$(addsuffix .cpp,$(1)))
FUZZ_ARCHIVES := $(addprefix stage6-daemon-shim/,core/runtime core/contract core/wire core/json) \
	$(filter stage4-% stage5-% stage3-%,$(STAGES)) common
FUZZ_SOURCES := tests/fuzz/fuzz.cpp \
	$(foreach folder,$(FUZZ_ARCHIVES),$(call sources,$(folder))) \
	$(filter %/protocol.cpp %/validation.cpp %/connection.cpp %/log.cpp,$(wildcard stage1-*/*.cpp)) \
	$(wildcard stage2-*/reply.cpp) \
	$(wildcard $(call fuzz_core,loop/event_loop archive/sha256 $(addprefix daemon/,launch_plan plan_* \
		log_options list_filters filters not_built_in wall_time container container_table tree \
		state_machine))) \
	stage6-daemon-shim/core/client/quantities.cpp \
	$(filter-out %_in_client.cpp %_in_shim.cpp,$(wildcard stage6-daemon-shim/features/isolation/*.cpp))

$(BUILD)/lib/fuzz.a: $(call objects,$(FUZZ_SOURCES))
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) qcs $@ $^

$(FUZZ_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/lib/fuzz.a
	$(CXX) $(CXXFLAGS) -fsanitize=fuzzer $^ -o $@

fuzzers: $(FUZZ_PROGRAMS)
.PHONY: fuzzers
endif

.PHONY: fuzz fuzz-smoke
