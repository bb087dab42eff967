# The tests: one program, build/tests/slipway-tests, that is its own runner (tests/support).

# Catch2 3 is a library, Catch2 2 a header.
CATCH2_LIBRARY = $(shell $(CXX) -std=c++20 -E -include catch2/catch_all.hpp -x c++ /dev/null \
	>/dev/null 2>&1 && echo -lCatch2)
TEST_OPTIMIZE ?= -O0 -g1
# The folders of tests that are built: a stage's where its folder is there.
TEST_TOPICS ?= book $(if $(wildcard stage5-*),classroom) common house runner \
	$(sort $(foreach folder,$(wildcard stage[1-6]-*),$(firstword $(subst -, ,$(folder)))))
TEST_SOURCES := $(wildcard $(patsubst %,tests/%/*.cpp,support $(TEST_TOPICS)))
TEST_OBJECTS := $(call objects,$(TEST_SOURCES))
# The libraries of the stages that they test and of the earlier ones.
TEST_STAGES := $(sort $(foreach n,1 2 3 4 5 6,$(if $(filter stage$(n),$(TEST_TOPICS)), \
	$(wordlist 1,$(n),1 2 3 4 5))))
TEST_ARCHIVES := $(if $(filter stage6,$(TEST_TOPICS)),$(call archives_of,$(CORE) $(FEATURES))) \
	$(call upto,$(TEST_STAGES))

$(BUILD)/obj/tests/%.o: override OPTIMIZE := $(TEST_OPTIMIZE)

# Catch2's header costs seconds in each file, so it is compiled once, beside a stub that stands for
# it: g++ and clang++ both take X.gch for `-include X`. Not so in the file that makes Catch2 itself.
TEST_HEADER := $(BUILD)/obj/tests/testing.hpp
TEST_HEADER_USERS := $(filter-out %/catch_session.o,$(TEST_OBJECTS))

$(TEST_HEADER).gch: tests/support/testing.hpp
	@mkdir -p $(@D)
	@printf '#include "tests/support/testing.hpp"\n' > $(TEST_HEADER)
	$(CXX) $(CXXFLAGS) -I. -MMD -MP -MF $(TEST_HEADER).d -MT $@ -x c++-header $(TEST_HEADER) -o $@
$(TEST_HEADER).gch: override OPTIMIZE := $(TEST_OPTIMIZE)
$(TEST_HEADER_USERS): $(TEST_HEADER).gch
$(TEST_HEADER_USERS): private CXXFLAGS += -include $(TEST_HEADER)

$(BUILD)/tests/slipway-tests: $(TEST_OBJECTS) $(TEST_ARCHIVES)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(TEST_OBJECTS) -Wl,--start-group $(TEST_ARCHIVES) -Wl,--end-group \
		$(CATCH2_LIBRARY) -o $@

# What tests start inside containers: static, since the container's root has no libraries, and for
# that reason never with a sanitizer. So it is compiled from its sources in one go.
PROBE_SOURCES := $(wildcard tests/probe/*.cpp common/*.cpp)
$(BUILD)/tests/probe: $(PROBE_SOURCES) $(wildcard tests/probe/*.hpp common/*.hpp)
	@mkdir -p $(@D)
	$(CXX) $(filter-out -fsanitize% -fno-sanitize%,$(CXXFLAGS)) -I. -static \
		$(filter-out common/tcp_socket.cpp,$(PROBE_SOURCES)) -o $@
$(BUILD)/tests/probe: private override OPTIMIZE := $(TEST_OPTIMIZE)

# The articles' mistakes, to be seen going wrong (tests/mistakes). Without a sanitizer, as the probe.
MISTAKE_SOURCES := $(wildcard tests/mistakes/*.cpp)
$(BUILD)/tests/mistake: $(MISTAKE_SOURCES) $(wildcard tests/mistakes/*.hpp) $(wildcard common/*.?pp)
	@mkdir -p $(@D)
	$(CXX) $(filter-out -fsanitize% -fno-sanitize%,$(CXXFLAGS)) -I. -static $(MISTAKE_SOURCES) \
		$(filter-out common/tcp_socket.cpp,$(wildcard common/*.cpp)) -o $@
$(BUILD)/tests/mistake: private override OPTIMIZE := $(TEST_OPTIMIZE)

TEST_PROGRAMS := $(addprefix $(BUILD)/tests/,slipway-tests probe mistake)

test: $(PROGRAMS) $(TEST_PROGRAMS) ## build and run every test (STRICT=1: a skip is a failure; ONLY='[stage3]')
	@BUILD='$(abspath $(BUILD))' SLIPWAY_SOURCE='$(CURDIR)' CXX='$(CXX)' $(BUILD)/tests/slipway-tests \
		$(if $(STRICT),--strict) $(if $(JOBS),--jobs $(JOBS)) $(if $(ONLY),'$(ONLY)')

test-asan: test ## the tests of common and stages 1, 2 and 6 under the address and undefined sanitizers

.PHONY: test test-asan

# What each folder of tools adds: the book's checks, the classroom, the measurements, the machine.
-include $(wildcard tests/*/rules.mk)
