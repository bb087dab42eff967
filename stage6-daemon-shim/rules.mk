# Stage 6's programs: a main and the archives of those folders of core/ (and of features/) that it
# may use, the ones that come last first.

core = $(call archives_of,$(addprefix stage6-daemon-shim/core/,$(1)))
# Only the programs named slipway hold features; each takes from their archives what it names.
FEATURE_ARCHIVES := $(call archives_of,$(FEATURES))
SHIM_ARCHIVES := $(call core,shim runtime contract json) $(call upto,5 4 3)

# --- the shims ----------------------------------------------------------------------------------
SHIM_PROGRAMS := $(BUILD)/orchestrator-shim $(BUILD)/slipway-shim
$(BUILD)/orchestrator-shim: $(BUILD)/obj/stage6-daemon-shim/orchestrator_shim.o $(SHIM_ARCHIVES)
$(BUILD)/slipway-shim: $(BUILD)/obj/stage6-daemon-shim/slipway_shim.o $(FEATURE_ARCHIVES) $(SHIM_ARCHIVES)
$(SHIM_PROGRAMS): LINK := $(STATIC)

# --- the daemons and the clients ----------------------------------------------------------------
DAEMON_ARCHIVES := $(call core,daemon archive server loop transcript runtime contract wire json) $(call upto,5 4 3)
DAEMON_PROGRAMS := $(BUILD)/orchestratord $(BUILD)/slipwayd
$(BUILD)/orchestratord: $(BUILD)/obj/stage6-daemon-shim/orchestratord.o $(DAEMON_ARCHIVES)
$(BUILD)/slipwayd: $(BUILD)/obj/stage6-daemon-shim/slipwayd.o $(FEATURE_ARCHIVES) $(DAEMON_ARCHIVES)

CLIENT_ARCHIVES := $(call core,client transcript wire json) $(call upto,)
CLIENT_PROGRAMS := $(BUILD)/orchestrate $(BUILD)/slipway
$(BUILD)/orchestrate: $(BUILD)/obj/stage6-daemon-shim/orchestrate.o $(CLIENT_ARCHIVES)
$(BUILD)/slipway: $(BUILD)/obj/stage6-daemon-shim/slipway.o $(FEATURE_ARCHIVES) $(CLIENT_ARCHIVES)
$(DAEMON_PROGRAMS) $(CLIENT_PROGRAMS): LINK := $(STATIC)

# --- all of them --------------------------------------------------------------------------------
STAGE6_PROGRAMS := $(SHIM_PROGRAMS) $(DAEMON_PROGRAMS) $(CLIENT_PROGRAMS)
$(STAGE6_PROGRAMS):
	$(CXX) $(CXXFLAGS) $(LINK) $(filter %.o,$^) $(filter %.a,$^) -o $@

PROGRAMS += $(STAGE6_PROGRAMS)
all test: $(STAGE6_PROGRAMS)
stage6: $(STAGE6_PROGRAMS)

run: first-container $(BUILD)/slipway $(BUILD)/slipwayd $(BUILD)/slipway-shim ## the main job: an isolated container, by way of daemon and shim
	@BUILD='$(BUILD)' bash stage6-daemon-shim/tour.sh

# Stage 5 is compiled first, and needs no daemon: something to look at while the rest is compiled.
first-container: $(BUILD)/stage5-cgroups
	@printf '\nA first container, by stage 5 alone, while the engine is being compiled:\n'
	@'$(BUILD)/stage5-cgroups' run --quiet host sh -c 'printf "My host name:       %s\nMy process number:  %s\nMy root directory:  %s\n\n" "$$(hostname)" "$$$$" "$$(echo /*)"'

ifneq ($(filter run,$(MAKECMDGOALS)),)
$(call objects,$(wildcard stage6-daemon-shim/*.cpp $(addsuffix /*.cpp,$(CORE)))): | first-container
endif

demo-kill: $(BUILD)/slipway $(BUILD)/slipwayd $(BUILD)/slipway-shim $(BUILD)/stage4-chroot ## a container counts, the daemon is killed, and no number is lost; the same beside dockerd
	@BUILD='$(BUILD)' DOCKERD_OPTIONS='$(DOCKERD_OPTIONS)' bash stage6-daemon-shim/demo-kill.sh

.PHONY: stage6 run first-container demo-kill
