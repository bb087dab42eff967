# The measurements: one program, build/tests/slipway-bench, and three small ones that it starts.
BENCH_MAINS := $(addprefix tests/bench/,launch_floor_main.cpp true.cpp lines.cpp)
BENCH_OBJECTS := $(call objects,$(filter-out $(BENCH_MAINS),$(wildcard tests/bench/*.cpp)))
BENCH_PROGRAMS := $(addprefix $(BUILD)/tests/,slipway-bench launch-floor bench-true bench-lines)
$(BUILD)/obj/tests/bench/%.o: override OPTIMIZE := -O2 -g1

$(BUILD)/tests/slipway-bench: $(BENCH_OBJECTS) $(call archive,common)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $^ -o $@

# Static, as stages 3 to 5 are, with which they are compared; what runs in a root has no libraries.
FLOOR_OBJECTS := $(call objects,$(addprefix tests/bench/,launch_floor_main.cpp launch_floor.cpp \
	statistics.cpp))
$(BUILD)/tests/launch-floor: $(FLOOR_OBJECTS) $(call archive,common)
$(BUILD)/tests/bench-true: $(BUILD)/obj/tests/bench/true.o
$(BUILD)/tests/bench-lines: $(BUILD)/obj/tests/bench/lines.o
$(BUILD)/tests/launch-floor $(BUILD)/tests/bench-true $(BUILD)/tests/bench-lines:
	@mkdir -p $(@D)
	$(CXX) $(filter-out -fsanitize% -fno-sanitize%,$(CXXFLAGS)) -static $^ -o $@

bench: all $(BENCH_PROGRAMS) ## figures beside the kernel's floor (OUT=file.md, ONLY=topic, FIGURE=file.svg)
	@BUILD='$(abspath $(BUILD))' $(BUILD)/tests/slipway-bench $(if $(OUT),--out '$(OUT)') \
		$(if $(FIGURE),--figure '$(FIGURE)') $(ONLY)

bench-quick: all $(BENCH_PROGRAMS) ## the ratios that have a target, in under a minute
	@$(BUILD)/tests/slipway-bench --quick $(if $(OUT),--out '$(OUT)') $(ONLY)

# The tests of the tools start it, with one round. Under a sanitizer nothing is measured.
test: $(if $(SANITIZE),,$(if $(filter runner,$(TEST_TOPICS)),$(BENCH_PROGRAMS)))

.PHONY: bench bench-quick
