# Slipway's build: everything lands under build/, nothing else is touched.
#
# Every folder of code becomes one archive (build/lib/FOLDER.a); a program is its main and the
# archives of its own stage and of the earlier ones. A folder that is not there is left out, so a
# copy of the project without its last stages builds.

BUILD ?= build
# The sanitizers' build is one of its own. The tests of stages 3 to 5 are left out: a sanitizer's
# runtime does not live through a fork into a PID namespace.
ifneq ($(filter test-asan,$(MAKECMDGOALS)),)
BUILD := $(BUILD)/asan
OPTIMIZE := -O0 -g1
SANITIZE := -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined
ONLY ?= $(subst $() $(),$(),$(foreach topic,common stage1 stage2 stage6,[$(topic)]~[slow]~[lean]~[.],))
endif
ifeq ($(origin CXX),default)
CXX := g++
endif
OPTIMIZE ?= -O2 -g1
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
WERROR ?= -Werror
SANITIZE ?=
# Static programs start faster, share no library with the container's root, and need no loader.
# Stages 1 and 2 look up host names, which glibc does through libraries loaded at run time.
STATIC ?= $(if $(SANITIZE),,-static)
CXXFLAGS += -std=c++20 $(OPTIMIZE) $(WARNINGS) $(WERROR) $(SANITIZE)
PREFIX ?= /usr/local
STRICT ?=
ONLY ?=
JOBS ?=

SHELL := /bin/bash
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# All cores, unless the caller says how many.
ifeq ($(filter -j% --jobserver%,$(MAKEFLAGS))$(filter-out 0,$(MAKELEVEL)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

# --- what there is ------------------------------------------------------------------------------
STAGES := $(patsubst %/main.cpp,%,$(wildcard stage[1-5]-*/main.cpp))
# The folders of stage 6 that hold code: stage6-daemon-shim/core/json and so on.
CORE := $(sort $(patsubst %/,%,$(dir $(wildcard stage6-daemon-shim/core/*/*.cpp))))
FEATURES := $(sort $(patsubst %/,%,$(dir $(wildcard stage6-daemon-shim/features/*/*.cpp))))
LIBRARIES := common $(STAGES) $(CORE) $(FEATURES)
MAINS := main.cpp
archive = $(BUILD)/lib/$(subst /,-,$(1)).a
sources = $(filter-out $(addprefix %/,$(MAINS)),$(wildcard $(1)/*.cpp))
objects = $(patsubst %.cpp,$(BUILD)/obj/%.o,$(1))
# The archives of stages 1 to N, the last first: what comes later needs what came before.
upto = $(call archives_of,$(foreach n,$(1),$(filter stage$(n)-%,$(STAGES))) common)
archives_of = $(foreach folder,$(1),$(call archive,$(folder)))

LINTED = $(wildcard common/*.?pp stage*/*.?pp stage*/*/*/*.?pp)
FORMATTED = $(LINTED) $(wildcard tests/*/*.?pp tests/*/*/*.?pp)

STAGE_PROGRAMS := $(addprefix $(BUILD)/,$(STAGES))
PROGRAMS := $(STAGE_PROGRAMS)

all: $(PROGRAMS) ## build every program

# --- compiling ----------------------------------------------------------------------------------
$(BUILD)/obj/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) -I. -MMD -MP -c $< -o $@

define library_rule
$(call archive,$(1)): $(call objects,$(call sources,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(AR) rcs $$@ $$^
endef
$(foreach folder,$(LIBRARIES),$(eval $(call library_rule,$(folder))))

# --- stages 1 to 5 ------------------------------------------------------------------------------
$(BUILD)/stage1-tcp-manager: $(call upto,1)
$(BUILD)/stage2-cli-client: $(call upto,2 1)
$(BUILD)/stage3-namespaces: $(call upto,3)
$(BUILD)/stage4-chroot: $(call upto,4 3)
$(BUILD)/stage5-cgroups: $(call upto,5 4 3)
$(BUILD)/stage3-namespaces $(BUILD)/stage4-chroot $(BUILD)/stage5-cgroups: LINK := $(STATIC)

$(STAGE_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/%/main.o
	$(CXX) $(CXXFLAGS) $(LINK) $(filter %.o,$^) $(filter %.a,$^) -o $@

stage1: $(BUILD)/stage1-tcp-manager ## build one stage (stage1 ... stage5)
stage2: $(BUILD)/stage2-cli-client
stage3: $(BUILD)/stage3-namespaces
stage4: $(BUILD)/stage4-chroot
stage5: $(BUILD)/stage5-cgroups

# --- running ------------------------------------------------------------------------------------
install: $(PROGRAMS) ## copy the programs to PREFIX/bin (PREFIX=/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin
	install $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin

format: ## lay out every source file as .clang-format says
	clang-format -i $(FORMATTED)

lint: ## check layout (clang-format) and habits (clang-tidy)
	clang-format --dry-run --Werror $(FORMATTED)
	printf '%s\n' $(filter %.cpp,$(LINTED)) | xargs -P $(shell nproc) -n 2 \
		sh -c 'clang-tidy --quiet --warnings-as-errors="*" "$$@" -- -std=c++20 -I.' clang-tidy

include tests/tests.mk
-include stage6-daemon-shim/rules.mk

clean: ## remove everything that was built
	rm -rf $(BUILD)

# Each target that a person types carries its own line of help behind two number signs.
help: ## this list
	@awk -F '## ' '/^[a-z0-9-]+:.*## / {split($$1, name, ":"); printf "  make %-12s %s\n", name[1], $$2}' \
		$(MAKEFILE_LIST)

.PHONY: all help clean install format lint stage1 stage2 stage3 stage4 stage5

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
