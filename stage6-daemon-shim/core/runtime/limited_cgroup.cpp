#include "stage6-daemon-shim/core/runtime/limited_cgroup.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage3-namespaces/narration.hpp"
#include "stage5-cgroups/cgroup_names.hpp"
#include "stage5-cgroups/cgroup_v1.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "stage5-cgroups/limits.hpp"

static Limits limits_of(const LimitsSpec& spec) {
    Limits limits;
    limits.memory_bytes = spec.memory_bytes;
    limits.pids = spec.pids;
    limits.cpu =
        spec.cpu_quota_microseconds == 0
            ? 0
            : static_cast<unsigned>(spec.cpu_quota_microseconds * 1024 /
                                    std::max<std::uint64_t>(spec.cpu_period_microseconds, 1));
    limits.cpu_weight = spec.cpu_shares == 0 ? 0 : weight_for_shares(spec.cpu_shares);
    limits.cpuset = spec.cpuset;
    limits.memory_asked = limits.cpu_asked = limits.pids_asked = true;
    return limits;
}

LimitedCgroup::LimitedCgroup(const Spec& spec, const std::string& id) {
    if (!spec.cgroups.empty()) {
        if (std::ranges::any_of(spec.cgroups, file_exists)) remove_cgroups(spec.cgroups);
        cgroup_ = std::make_unique<Cgroup>(id, hierarchies_of(spec.cgroups, id));
    }
    const Limits limits = limits_of(spec.limits);
    if (limits.memory_bytes == 0 && limits.pids == 0 && limits.cpu == 0 && limits.cpu_weight == 0 &&
        limits.cpuset.empty()) {
        return;
    }
    if (!cgroup_) throw Failure{"limits need a control group, and this container has none"};
    apply_limits(*cgroup_, limits, Narrator{true}, id);
    if (limits.cpu == 0) return;
    set_cpu_quota(cgroup_->group_of("cpu"),
                  {spec.limits.cpu_quota_microseconds, spec.limits.cpu_period_microseconds});
}

void LimitedCgroup::kill_all() const {
    if (!cgroup_) return;
    for (const std::string& group : cgroup_->directories()) {
        if (file_exists(group)) kill_all_in(group);
    }
}

// Of memory.events (version 2) or memory.oom_control (version 1): a line such as "oom_kill 1".
static bool tells_of_a_kill(const std::string& path) {
    const auto words = words_of(read_file(path));
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
        if (words[i] == "oom_kill") return words[i + 1] != "0";
    }
    return false;
}

bool LimitedCgroup::was_out_of_memory() const {
    if (!cgroup_) return false;
    for (const std::string& directory : cgroup_->directories()) {
        if (!file_exists(directory)) continue;
        for (const char* file : {"/memory.events", "/memory.oom_control"}) {
            try {
                const std::string path = directory + file;
                if (file_exists(path) && tells_of_a_kill(path)) return true;
            } catch (const SystemError&) {
                // Somebody removed the group. An exit without its reason is better than none.
            }
        }
    }
    return false;
}
