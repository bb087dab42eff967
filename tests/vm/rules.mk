# The tests in a virtual machine with a pure cgroup v2 hierarchy.
# What concerns control groups and the rights of root: the machine is emulated, more takes long.
VM_TESTS ?= [common],[stage3][root],[stage4][root],[stage5],[stage6][apparmor],[stage6][vm],[stage6][odd]
# To the user a group is delegated, so what needs one without is root's to run.
VM_TESTS_AS_USER ?= [stage5]~[ungrouped]

VM_ENGINE := $(if $(CORE),$(addprefix $(BUILD)/,slipway slipwayd slipway-shim))

test-vm: $(STAGE_PROGRAMS) $(TEST_PROGRAMS) $(VM_ENGINE) ## stages 3 to 5, the engine and AppArmor in a virtual machine with cgroup v2 alone
	@BUILD='$(abspath $(BUILD))' tests/vm/test-vm '$(or $(ONLY),$(VM_TESTS))' \
		'$(or $(ONLY),$(VM_TESTS_AS_USER))'

vm-shell: $(PROGRAMS) $(BUILD)/tests/probe $(BUILD)/tests/mistake ## a shell in a machine with cgroup v2 alone, of which you are root
	@BUILD='$(abspath $(BUILD))' tests/vm/vm-run --shell --memory 1536 -- \
		"BUILD='$(abspath $(BUILD))' '$(CURDIR)/tests/vm/guest-shell'"

.PHONY: test-vm vm-shell
