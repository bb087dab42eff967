#include "stage6-daemon-shim/core/daemon/change_limits.hpp"

#include <algorithm>
#include <charconv>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "stage5-cgroups/cgroup_names.hpp"
#include "stage5-cgroups/cgroup_v1.hpp"
#include "stage5-cgroups/limits.hpp"
#include "stage6-daemon-shim/core/daemon/dead_shim.hpp"

static constexpr int kPassesMax = 100;

static std::uint64_t number_in(const std::string& path) {
    const std::string text = read_file(path);
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// Version 1 counts memory alone, and memory and swap together, and the second limit is never below
// the first: whoever raises them begins with the second.
static void change_memory(Cgroup& cgroup, std::uint64_t bytes) {
    const std::string group = cgroup.group_of("memory");
    const std::string with_swap = "memory.memsw.limit_in_bytes";
    const std::string path = group + "/" + with_swap;
    if (!group.empty() && file_exists(path) && number_in(path) < bytes) {
        write_cgroup_file(group, with_swap, std::to_string(bytes));
    }
    cgroup.limit_memory(bytes);
}

static void change_cpu(Cgroup& cgroup, const LimitsSpec& wanted) {
    if (wanted.cpu_quota_microseconds != 0) {
        const auto parts = wanted.cpu_quota_microseconds * 1024 / wanted.cpu_period_microseconds;
        cgroup.limit_cpu(static_cast<unsigned>(parts));  // makes the group where it is missing
        return set_cpu_quota(cgroup.group_of("cpu"),
                             {wanted.cpu_quota_microseconds, wanted.cpu_period_microseconds});
    }
    const std::string group = cgroup.group_of("cpu");
    const bool is_v1 = file_exists(group + "/cpu.cfs_quota_us");
    write_cgroup_file(group, is_v1 ? "cpu.cfs_quota_us" : "cpu.max", is_v1 ? "-1" : "max");
}

static void set_limits(Cgroup& cgroup, const LimitsSpec& before, const LimitsSpec& wanted) {
    if (wanted.memory_bytes != before.memory_bytes) change_memory(cgroup, wanted.memory_bytes);
    if (wanted.cpu_quota_microseconds != before.cpu_quota_microseconds ||
        wanted.cpu_period_microseconds != before.cpu_period_microseconds) {
        change_cpu(cgroup, wanted);
    }
    if (wanted.cpu_shares != before.cpu_shares) {
        cgroup.weigh_cpu(weight_for_shares(wanted.cpu_shares));
    }
    if (wanted.cpuset != before.cpuset) cgroup.limit_cpuset(wanted.cpuset);
    if (wanted.pids == before.pids) return;
    if (wanted.pids != 0) return cgroup.limit_pids(wanted.pids);
    write_cgroup_file(cgroup.group_of("pids"), "pids.max", "max");
}

static std::vector<std::string> processes_in(const std::string& group) {
    return words_of(read_file(group + "/cgroup.procs"));
}

// Again and again until nobody is left outside: who is not in it yet may have made a child.
static void move_processes(const std::string& from, const std::string& to) {
    for (int pass = 0; pass < kPassesMax; ++pass) {
        const auto inside = processes_in(to);
        bool moved = false;
        for (const auto& process : processes_in(from)) {
            if (std::ranges::find(inside, process) != inside.end()) continue;
            try {
                write_cgroup_file(to, "cgroup.procs", process);
                moved = true;
            } catch (const SystemError& error) {
                if (error.error() != ESRCH) throw;  // it has ended just now
            }
        }
        if (!moved) return;
    }
    throw Failure{"update: it makes processes faster than they can be moved to " + to};
}

void change_limits(const Container& container, const LimitsSpec& before, const LimitsSpec& wanted) {
    const auto directories = cgroups_of(container);
    std::vector<std::string> there, missing;
    for (const auto& directory : directories) {
        (file_exists(directory) ? there : missing).push_back(directory);
    }
    if (there.empty()) throw Failure{"limits need a control group, and this container has none"};
    Cgroup cgroup{container.id, hierarchies_of(directories, container.id)};
    cgroup.borrow();  // from the shim, which removes them
    set_limits(cgroup, before, wanted);
    for (const auto& directory : missing) {
        if (file_exists(directory)) move_processes(there[0], directory);
    }
}
