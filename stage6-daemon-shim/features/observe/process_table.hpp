// The processes of a container, as the kernel shows them in /proc. proc(5).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stage6-daemon-shim/core/daemon/container.hpp"

struct ProcessFacts {
    pid_t pid = 0, parent = 0, group = 0, session = 0, foreground_group = 0;
    int terminal = 0;  // device number, 0: none
    uid_t user = 0;    // the effective one
    gid_t user_group = 0;
    char state = '?';
    long nice = 0, priority = 0, threads = 0;
    std::uint64_t cpu_ticks = 0, started_ticks = 0;  // the latter since boot
    std::uint64_t virtual_bytes = 0, resident_bytes = 0;
    std::string name;     // "sh"
    std::string command;  // "sh -c x"; empty for one without arguments (a zombie)
};

// Nothing for one that has ended.
std::optional<ProcessFacts> read_process(pid_t pid);

// All directories of its control groups that are there.
std::vector<std::string> groups_of(const Container& container);

// Those of a running container, by number: everybody in its control group or, where there is
// none, all descendants of its shim.
std::vector<pid_t> processes_of(const Container& container);
