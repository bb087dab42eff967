// A container that runs, and how it is signalled.
#pragma once

#include <string>
#include <vector>

#include "common/fd.hpp"
#include "common/process.hpp"
#include "stage6-daemon-shim/core/contract/log_files.hpp"
#include "stage6-daemon-shim/core/runtime/limited_cgroup.hpp"

// What is declared first goes last: the process is gone before its cgroup is removed.
struct RunningContainer {
    LimitedCgroup cgroup;
    Child process;  // the first one
    bool isolated = true;
    Fd input;          // our end of its stdin, if it has one that is open
    Fd output, error;  // our ends of the others, until they are read to their end
    // With a terminal `output` is its other end, and `input` a copy of that.
    bool has_terminal = false;
    // Of the spec's, what this machine could not allow it: execs do not get them either.
    std::vector<std::string> withheld_capabilities{};
    LogLimits log_limits{};
};

// To the first process; without isolation to its process group. False when there is nobody.
bool signal_container(const RunningContainer& container, int signal);
