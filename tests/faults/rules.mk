# Faults: one program, build/tests/slipway-faults, that uses a daemon and kills it.
FAULT_OBJECTS := $(call objects,$(wildcard tests/faults/*.cpp) \
	$(addprefix tests/support/,case_cgroups.cpp leak_check.cpp))
FAULT_PROGRAM := $(if $(CORE),$(BUILD)/tests/slipway-faults)
$(BUILD)/obj/tests/faults/%.o: override OPTIMIZE := -O2 -g1
# (A shell's own SECONDS, which counts, is none of ours.)
SOAK_SECONDS = $(if $(filter command%,$(origin SECONDS)),$(SECONDS),60)

# Static: it is also what runs in the containers.
$(BUILD)/tests/slipway-faults: $(FAULT_OBJECTS) $(call archives_of,$(addprefix \
		stage6-daemon-shim/core/,client transcript wire json) common)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(STATIC) $^ -o $@

soak: $(PROGRAMS) $(FAULT_PROGRAM) ## use the engine at random and kill its parts (SECONDS=60 SEED=)
	@$(FAULT_PROGRAM) soak --seconds $(SOAK_SECONDS) $(if $(SEED),--seed $(SEED))

kills: $(PROGRAMS) $(FAULT_PROGRAM) ## kill the daemon under load (KILLS=60 SEED=)
	@$(FAULT_PROGRAM) soak --seconds 0 --no-shims --kills $(or $(KILLS),60) \
		$(if $(SEED),--seed $(SEED))

sweep: $(PROGRAMS) $(FAULT_PROGRAM) ## kill daemon and shim at each step that changes something (needs strace)
	@$(FAULT_PROGRAM) order
	@$(FAULT_PROGRAM) sweep
	@$(FAULT_PROGRAM) sweep --shim

test: $(if $(filter stage6,$(TEST_TOPICS)),$(FAULT_PROGRAM))

.PHONY: soak kills sweep
