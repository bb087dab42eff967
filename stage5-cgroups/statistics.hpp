// What a container has used, and whether the kernel had to kill in it. Read after its end and
// before its groups are removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stage5-cgroups/limits.hpp"

// What this machine does not count, or what was gone before it was read, is absent.
struct Statistics {
    std::optional<std::uint64_t> memory_peak_bytes;
    std::optional<std::uint64_t> cpu_microseconds;
    std::optional<std::uint64_t> throttled_microseconds;  // it could have run, and was not let
    std::optional<std::uint64_t> out_of_memory_kills;
};

// From the groups' files, under the names of version 2 and of version 1. Never throws for a group
// that vanishes: it is somebody else's, too.
Statistics read_statistics(const std::vector<std::string>& directories);

// Three lines, used beside allowed; "-" where nothing is known.
std::string statistics_table(const Statistics& statistics, const Limits& limits);

// "killed: out of memory, limit 64 MiB", when that is what an exit code of 137 means: it is that
// of every SIGKILL. Empty otherwise.
std::string out_of_memory_notice(const Statistics& statistics, const Limits& limits, int exit_code);

// Reads them where there is something to tell, and tells it on stderr, also with --quiet: the table
// if it is wanted, then the notice.
void tell_usage(const std::vector<std::string>& directories, const Limits& limits, int exit_code,
                bool with_table);

// "64 MiB", "61.9 MiB".
std::string size_text(std::uint64_t bytes);
