# The articles' mistakes beside the right version.
SIDES_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/tools/%.o,$(wildcard tests/mistakes/sides/*.cpp))

$(BUILD)/tests/side-by-side: $(SIDES_OBJECTS) $(call upto,5 4 3)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $^ -o $@

mistake: $(BUILD)/tests/side-by-side $(STAGE_PROGRAMS) $(BUILD)/tests/mistake ## one of the articles' mistakes beside the right version: N=4.2 (without N: the list)
	@BUILD='$(abspath $(BUILD))' SLIPWAY_SOURCE='$(CURDIR)' $(BUILD)/tests/side-by-side $(N)

ifneq ($(filter stage5,$(TEST_TOPICS)),)
test: $(BUILD)/tests/side-by-side
endif

.PHONY: mistake
