// Version 1: the same limits under other names, in a tree for each controller. The kernel's
// Documentation/admin-guide/cgroup-v1.
#pragma once

#include <cstdint>
#include <string>

// A single-threaded child joins by writing "0", itself, to `tasks`. Writing to cgroup.procs moves
// a whole thread group, and the first such write after a quiet moment waits 6 to 16 ms.
inline constexpr const char* kJoiningFileV1 = "/tasks";

void limit_memory_v1(const std::string& group, std::uint64_t bytes);

// Both in microseconds, as texts.
void limit_cpu_v1(const std::string& group, const std::string& quota, const std::string& period);

// Version 1 calls a weight shares: who has not been given any has 1024 of them, where version 2
// says 100. At least 2, the least that the kernel takes.
unsigned shares_for_weight(unsigned weight);

// The other way, for who speaks of shares: 1 to 10000.
unsigned weight_for_shares(std::uint64_t shares);

// The group GROUP and the one above it begin without processors and memory nodes, and nobody can
// join such a group: they take what the one above has.
void limit_cpuset_v1(const std::string& group, const std::string& list);
