// Lists of processors as the kernel writes them: "0-2,5". cpuset(7), "List Format".
#pragma once

#include <set>
#include <string_view>

inline constexpr unsigned kCpuNumberMax = 8191;  // NR_CPUS of the largest kernels, less one

// Throws UsageError naming --cpuset-cpus.
std::set<unsigned> parse_cpu_list(std::string_view text);

// Throws UsageError naming a processor of `wanted` that is not in `available`, a list of the
// kernel's.
void check_cpus(std::string_view wanted, std::string_view available);
