# Faults: one program, build/tests/slipway-faults, that uses a daemon and kills it.
FAULT_OBJECTS := $(call objects,$(wildcard tests/faults/*.cpp) \
	$(addprefix tests/support/,case_cgroups.cpp leak_check.cpp tar.cpp))
FAULT_PROGRAM := $(if $(CORE),$(BUILD)/tests/slipway-faults)
$(BUILD)/obj/tests/faults/%.o: override OPTIMIZE := -O2 -g1
# (A shell's own SECONDS, which counts, is none of ours.)
SOAK_SECONDS = $(if $(filter command%,$(origin SECONDS)),$(SECONDS),60)

# Static: it is also what runs in the containers.
$(BUILD)/tests/slipway-faults: $(FAULT_OBJECTS) $(call archives_of,$(addprefix \
		stage6-daemon-shim/core/,client transcript wire json) common)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(STATIC) $^ -o $@

# The programs with fail points (core/contract/fail_point.hpp), build/faults: the few objects that
# have some are compiled once more, and come before the archives with the same ones as they are.
POINTED := $(if $(CORE),$(shell grep -l 'contract/fail_point.hpp"' stage6-daemon-shim/core/*/*.cpp))
pointed = $(patsubst %.cpp,$(BUILD)/obj/faults/%.o,$(2) tests/faults/points/fail_points.cpp \
	$(filter $(foreach folder,$(1),stage6-daemon-shim/core/$(folder)/%),$(POINTED)))
POINTED_MAINS := $(addprefix stage6-daemon-shim/,slipwayd slipway_shim) tests/faults/points/writer
POINTED_PROGRAMS := $(if $(CORE),$(addprefix $(BUILD)/faults/,slipwayd slipway-shim writer))
POINTED_ARCHIVES := $(call archives_of,$(FEATURES) $(CORE)) $(call upto,5 4 3)

$(BUILD)/obj/faults/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) -DSLIPWAY_FAIL_POINTS $(MAIN) -I. -MMD -MP -c $< -o $@
$(POINTED_MAINS:%=$(BUILD)/obj/faults/%.o): MAIN := -Dmain=main_of_engine

$(BUILD)/faults/slipwayd: $(call pointed,daemon contract,stage6-daemon-shim/slipwayd.cpp)
$(BUILD)/faults/slipway-shim: $(call pointed,shim runtime contract,stage6-daemon-shim/slipway_shim.cpp)
$(BUILD)/faults/writer: $(patsubst %,$(BUILD)/obj/faults/%.o,tests/faults/points/fail_points \
	tests/faults/points/writer stage6-daemon-shim/core/contract/container_dir)
$(POINTED_PROGRAMS): $(POINTED_ARCHIVES)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(STATIC) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) \
		-Wl,--end-group -o $@

soak: $(PROGRAMS) $(FAULT_PROGRAM) ## use the engine at random and kill its parts (SECONDS=60 SEED=)
	@$(FAULT_PROGRAM) soak --seconds $(SOAK_SECONDS) $(if $(SEED),--seed $(SEED))

kills: $(PROGRAMS) $(FAULT_PROGRAM) ## kill the daemon under load (KILLS=60 SEED=)
	@$(FAULT_PROGRAM) soak --seconds 0 --no-shims --kills $(or $(KILLS),60) \
		$(if $(SEED),--seed $(SEED))

kills-beside: $(PROGRAMS) $(FAULT_PROGRAM) ## the same kills under the same load, beside dockerd with live-restore (KILLS=20)
	@BUILD='$(BUILD)' KILLS='$(or $(KILLS),20)' bash tests/faults/kills-beside.sh

points: $(PROGRAMS) $(FAULT_PROGRAM) $(POINTED_PROGRAMS) ## kill daemon and shim at each of their fail points, and let the steps behind them fail
	@$(FAULT_PROGRAM) checks
	@$(FAULT_PROGRAM) points $(if $(QUICK),--quick)

rounds: $(PROGRAMS) $(FAULT_PROGRAM) ## kill daemon and shims at random moments (ROUNDS=500 SEED=)
	@$(FAULT_PROGRAM) rounds --rounds $(or $(ROUNDS),500) $(if $(SEED),--seed $(SEED))

# FAULT=error=EIO, error=ENOSPC, error=EMFILE, error=ENFILE, error=ENOMEM, error=EAGAIN: instead of
# the kill that call fails. EVERY=8: only each eighth call; CALL=fsync: only those of this name.
sweep: $(PROGRAMS) $(FAULT_PROGRAM) ## kill daemon and shim at each call that changes something (needs strace; FAULT= EVERY= CALL=)
	@$(FAULT_PROGRAM) order
	@for whom in daemon next-daemon shim next-shim; do $(FAULT_PROGRAM) sweep --of $$whom \
		--every $(or $(EVERY),1) $(if $(CALL),--call $(CALL)) \
		--fault $(or $(FAULT),signal=KILL) || exit 1; done

test: $(if $(filter stage6,$(TEST_TOPICS)),$(FAULT_PROGRAM) $(POINTED_PROGRAMS))
check-book: $(FAULT_PROGRAM) $(POINTED_PROGRAMS)

.PHONY: soak kills kills-beside points rounds sweep
