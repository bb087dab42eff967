# For readers and their teachers: their programs checked, starting points for exercises, and the
# proof that the checks check: a test that cannot fail is none.

CLASSROOM_SOURCES := $(wildcard tests/classroom/tool/*.cpp) tests/support/definitions.cpp \
	tests/support/source.cpp
CLASSROOM_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/tools/%.o,$(CLASSROOM_SOURCES))

$(BUILD)/obj/tools/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) -I. -MMD -MP -c $< -o $@
$(BUILD)/obj/tools/%.o: private override OPTIMIZE := $(TEST_OPTIMIZE)

$(BUILD)/tests/classroom: $(CLASSROOM_OBJECTS) $(call archives_of,common)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $^ -o $@

# The cases of one stage alone, for programs of other people: what they do not need is not built.
# Static where that can be had: they are started again for each case, and start in a fifth of the time.
CHECK_LINK = $(if $(CATCH2_LIBRARY),,$(STATIC))
CHECK_TOPICS_1 := stage1
CHECK_TOPICS_2 := stage1 stage2
CHECK_TOPICS_3 := stage3
CHECK_TOPICS_4 := stage3 stage4
CHECK_TOPICS_5 := stage3 stage4 stage5
# The programs that its cases start beside the reader's.
CHECK_NEEDS_2 := $(BUILD)/stage1-tcp-manager $(BUILD)/tests/mistake
CHECK_NEEDS_3 := $(BUILD)/tests/probe
CHECK_NEEDS_4 := $(BUILD)/tests/probe
CHECK_NEEDS_5 := $(BUILD)/tests/probe
CHECK_NEEDS_6 := $(BUILD)/tests/probe $(addprefix $(BUILD)/,slipway slipwayd slipway-shim)
CHECK_STAGES := $(foreach n,1 2 3 4 5,$(if $(filter stage$(n)-%,$(STAGES)),$(n)))

define check_rule
$(BUILD)/tests/check-$(1): $(call objects,$(wildcard $(patsubst %,tests/%/*.cpp, \
		support $(CHECK_TOPICS_$(1))))) $(call upto,$(subst stage,,$(CHECK_TOPICS_$(1))))
	@mkdir -p $$(@D)
	$$(CXX) $$(CXXFLAGS) $(if $(filter 3 4 5,$(1)),$$(CHECK_LINK)) $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) \
		-Wl,--end-group $$(CATCH2_LIBRARY) -o $$@
endef
$(foreach n,$(CHECK_STAGES),$(eval $(call check_rule,$(n))))

# Stage 6's cases know the libraries of the engine.
ifneq ($(CORE),)
$(BUILD)/tests/check-6: $(call objects,$(wildcard tests/support/*.cpp tests/stage6/*.cpp) \
		tests/stage3/container.cpp tests/stage3/pseudo_terminal.cpp) $(call archives_of,$(CORE) $(FEATURES)) $(call upto,5 4 3)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
		$(CATCH2_LIBRARY) -o $@
CHECK_STAGES += 6
endif

# The stage that was asked for, by itself or as the first number of an exercise or of a bug.
CHECK_STAGE := $(filter 1 2 3 4 5 6,$(firstword $(STAGE) $(subst ., ,$(EX)) $(subst ., ,$(N))))
CHECK_TOOLS := $(BUILD)/tests/classroom $(CHECK_NEEDS_$(CHECK_STAGE)) \
	$(if $(filter $(CHECK_STAGE),$(CHECK_STAGES)),$(BUILD)/tests/check-$(CHECK_STAGE))
# make -C leaves PWD as it was: relative paths begin where the reader is.
CLASSROOM = BUILD='$(abspath $(BUILD))' SLIPWAY_SOURCE='$(CURDIR)' FROM='$(PWD)' \
	$(BUILD)/tests/classroom

check: $(CHECK_TOOLS) ## check a program of yours: STAGE=N PROGRAM=path (ONLY=1, SEED=n, CASE=name)
	@$(CLASSROOM) check

exercise: $(CHECK_TOOLS) ## is an exercise done? EX=N.M PROGRAM=path
	@$(CLASSROOM) exercise

new: $(BUILD)/tests/classroom ## start a stage from a blank page, or an exercise: STAGE=N or EX=N.M, DIR=path
	@$(CLASSROOM) new

export: $(BUILD)/tests/classroom ## the exact files of a stage, flat, to hand out: STAGE=N DIR=path
	@$(CLASSROOM) export

diff: $(BUILD)/tests/classroom ## the steps of a stage beside those of the one before: STAGE=4
	@$(CLASSROOM) diff

bug: $(if $(PROGRAM),$(CHECK_TOOLS),$(BUILD)/tests/classroom) ## find a planted bug: N=3.1 DIR=path (is it gone? PROGRAM=path)
	@$(CLASSROOM) bug

# The stages whose programs or sources are in DIR, which may be relative to where the reader is.
PROGRESS_DIR = $(if $(filter /%,$(DIR)),$(DIR),$(PWD)/$(DIR))
PROGRESS_STAGES = $(if $(STAGE),$(CHECK_STAGE),$(sort $(foreach n,$(CHECK_STAGES),$(if $(wildcard $(foreach place,. build * */build, \
	$(PROGRESS_DIR)/$(place)/stage$(n)*)),$(n))) $(filter $(CHECK_STAGES),$(shell \
	sed -n 's/^# The contract of stage //p' $(PROGRESS_DIR)/CONTRACT.md $(PROGRESS_DIR)/*/CONTRACT.md \
	2>/dev/null))))
ifneq ($(filter progress,$(MAKECMDGOALS)),)
PROGRESS_TOOLS := $(foreach n,$(PROGRESS_STAGES),$(BUILD)/tests/check-$(n) $(CHECK_NEEDS_$(n)))
endif

progress: $(BUILD)/tests/classroom $(PROGRESS_TOOLS) ## how far your programs are, and what comes next: DIR=path (STAGE=N: that one alone)
	@$(CLASSROOM) progress

PROOF_TOOLS := $(BUILD)/tests/classroom $(foreach n,$(CHECK_STAGES),$(BUILD)/tests/check-$(n)) \
	$(STAGE_PROGRAMS) $(BUILD)/tests/probe $(BUILD)/tests/mistake
# What stage 6 takes is compiled where it is meant.
ifeq ($(filter 6 all,$(or $(CHECK_STAGE),all)),)
PROOF_TOOLS := $(filter-out %/check-6,$(PROOF_TOOLS))
else
PROOF_TOOLS += $(CHECK_NEEDS_6)
endif

check-tests: $(PROOF_TOOLS) ## prove that the checks and the exercises check (STAGE=N or EX=N.M: a part)
	@$(CLASSROOM) check-tests

# Its own tests are a topic like the others.
ifneq ($(filter classroom,$(TEST_TOPICS)),)
test: $(BUILD)/tests/classroom $(BUILD)/tests/doctor $(BUILD)/tests/grade
endif

# --- a class's marks ----------------------------------------------------------------------------
# In sandboxes made of stages 3 to 5.
GRADE_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/tools/%.o,$(wildcard tests/classroom/grade/*.cpp) \
	$(addprefix tests/classroom/tool/,check.cpp children.cpp marks.cpp) tests/support/source.cpp)

$(BUILD)/tests/grade: $(GRADE_OBJECTS) $(call upto,5 4 3)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $^ -o $@

grade: $(BUILD)/tests/grade $(CHECK_TOOLS) ## a class's marks: STAGE=N DIR=path (or PROGRAM=, PROGRAMS=; FORMAT=json)
	@BUILD='$(abspath $(BUILD))' FROM='$(PWD)' $(BUILD)/tests/grade

# --- what this machine can run -----------------------------------------------------------------
DOCTOR_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/tools/%.o, \
	$(wildcard tests/classroom/doctor/*.cpp) tests/classroom/tool/children.cpp)

$(BUILD)/tests/doctor: $(DOCTOR_OBJECTS) $(call upto,5 4 3)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $^ -o $@

# Without a compiler there is no doctor: then this is all that can be said.
doctor: ## what this machine can and cannot run, and the way out
	@command -v $(firstword $(CXX)) >/dev/null || \
		{ echo 'no $(firstword $(CXX)): apt-get install g++'; exit 1; }
	@$(MAKE) -s --no-print-directory $(BUILD)/tests/doctor
	@$(BUILD)/tests/doctor

.PHONY: check exercise new export diff bug progress grade check-tests doctor
