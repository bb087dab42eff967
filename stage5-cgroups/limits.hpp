// The limits that a user asks for, and the articles' defaults.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/options.hpp"
#include "stage3-namespaces/narration.hpp"
#include "stage5-cgroups/cgroup.hpp"

struct Limits {
    std::uint64_t memory_bytes = 512u << 20;  // 0: none
    unsigned cpu = 1024;                      // 1024 is one CPU; 0: none
    std::uint64_t pids = 0;                   // 0: none
    unsigned cpu_weight = 0;                  // 1 to 10000, 100 is the usual one; 0: not set
    std::string cpuset;                       // "0-2,5": these processors; empty: all

    // An asked-for limit that cannot be set is an error; a default is then left out, and said.
    // There is no default for a weight and a set of processors.
    bool memory_asked = false, cpu_asked = false, pids_asked = false;
};

// The table for parse_options; it writes into `limits`, which must outlive it.
std::vector<Option> limit_option_table(Limits& limits);

// "64" is MiB, as in the article; 64m, 1.5g, 10000000b say their unit. Throws
// UsageError, also for less than 6 MiB; 0 is no limit.
std::uint64_t parse_memory(std::string_view text);

// "512MB", or "1000KB" where it is no whole number of MiB: for the narration.
std::string memory_text(std::uint64_t bytes);

// Of a group of either version, both numbers as asked: Cgroup::limit_cpu has a period of its own.
struct CpuQuota {
    std::uint64_t quota_microseconds = 0, period_microseconds = 0;
};
void set_cpu_quota(const std::string& group, const CpuQuota& quota);

// Sets them and tells in the article's words. Throws Failure with the way out when one that was
// asked for cannot be set here. Returns those that hold.
Limits apply_limits(Cgroup& cgroup, const Limits& limits, const Narrator& narrator,
                    const std::string& id);
