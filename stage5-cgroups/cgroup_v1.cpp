#include "stage5-cgroups/cgroup_v1.hpp"

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
