# The same commands typed to a real dockerd and to slipwayd (beside-dockerd).
BESIDE_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/tools/%.o,$(wildcard tests/beside/*.cpp))

$(BUILD)/tests/beside: $(BESIDE_OBJECTS) $(call archive,common)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $^ -o $@

beside-dockerd: all $(BUILD)/tests/beside ## type the same to a real dockerd and to slipwayd (as root, ~4 min; ONLY=text)
	@BUILD='$(abspath $(BUILD))' tests/beside/beside-dockerd $(if $(ONLY),'$(ONLY)')

.PHONY: beside-dockerd
