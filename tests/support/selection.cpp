#include "tests/support/selection.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>

#include "common/file.hpp"
#include "tests/support/case_cgroups.hpp"

Machine this_machine() {
    const std::string apparmor = "/sys/module/apparmor/parameters/enabled";
    return {::geteuid() == 0, cgroup_layout(),
            file_exists(apparmor) && read_file(apparmor).starts_with('Y'),
            std::getenv("SLIPWAY_TEST_VM") != nullptr};
}

static std::string unmet_need(const Machine& machine, const Case& test) {
    if (test.has("[root]") && !machine.is_root) return "root: sudo make test";
    if (test.has("[user]") && machine.is_root) return "an ordinary user: make test without root";
    if (test.has("[apparmor]") && !machine.has_apparmor)
        return "a kernel with AppArmor: make test-vm";
    if (test.has("[vm]") && !machine.is_ours) return "a machine of its own: make test-vm";
    std::string layouts;
    for (const std::string layout : {"v1", "v2", "hybrid"}) {
        if (!test.has("[" + layout + "]")) continue;
        if (layout == machine.cgroup_layout) return {};
        layouts += (layouts.empty() ? "" : " or ") + layout;
    }
    if (layouts.empty()) return {};
    return "cgroup " + layouts + ": a machine that mounts it, this one is " + machine.cgroup_layout;
}

Selection select_for(const Machine& machine, const std::vector<Case>& cases) {
    Selection selection;
    std::map<std::string, int> counts;
    for (const Case& test : cases) {
        const std::string need = unmet_need(machine, test);
        if (need.empty()) {
            selection.here.push_back(test);
        } else {
            ++counts[need];
        }
    }
    for (const auto& [need, count] : counts) {
        selection.elsewhere.push_back(std::to_string(count) +
                                      (count == 1 ? " case needs " : " cases need ") + need);
    }
    return selection;
}
