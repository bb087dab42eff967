#include "stage5-cgroups/cgroup_v1.hpp"

#include <algorithm>

#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"

void limit_memory_v1(const std::string& group, std::uint64_t bytes) {
    write_cgroup_file(group, "memory.limit_in_bytes", std::to_string(bytes));
    // Memory and swap together; only there when the kernel counts swap. Never below the first.
    if (file_exists(group + "/memory.memsw.limit_in_bytes")) {
        write_cgroup_file(group, "memory.memsw.limit_in_bytes", std::to_string(bytes));
    }
}

void limit_cpu_v1(const std::string& group, const std::string& quota, const std::string& period) {
    write_cgroup_file(group, "cpu.cfs_period_us", period);
    write_cgroup_file(group, "cpu.cfs_quota_us", quota);
}

unsigned shares_for_weight(unsigned weight) {
    return std::max(weight * 1024 / 100, 2u);
}

unsigned weight_for_shares(std::uint64_t shares) {
    return static_cast<unsigned>(std::clamp<std::uint64_t>(shares, 11, 102400) * 100 / 1024);
}

static void inherit_cpuset(const std::string& group) {
    const std::string above = group.substr(0, group.rfind('/'));
    for (const std::string file : {"cpuset.cpus", "cpuset.mems"}) {
        if (!words_of(read_file(group + "/" + file)).empty()) continue;
        write_cgroup_file(group, file, words_of(read_file(above + "/" + file)).at(0));
    }
}

void limit_cpuset_v1(const std::string& group, const std::string& list) {
    inherit_cpuset(group.substr(0, group.rfind('/')));
    inherit_cpuset(group);
    write_cgroup_file(group, "cpuset.cpus", list);
}
