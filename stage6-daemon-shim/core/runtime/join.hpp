// One more process in a container that runs already: exec. setns(2).
#pragma once

#include "stage6-daemon-shim/core/runtime/launch.hpp"

struct JoinPlan {
    const Spec& spec;  // the container's, with this process in place of its first one
    Cgroup* cgroup;    // the container's; nullptr: none
    int container;     // a pidfd of its first process
    Streams streams;
    std::span<const LaunchStep> feature_steps{};
};

// Begins it, and returns at once the reading end of a pipe: it will hold the number of the new
// process, a pid_t, or end without one, and then `report` says why. A child of ours goes inside and
// starts the process there, since a process itself never changes its PID namespace
// (pid_namespaces(7)); it makes it our child too (CLONE_PARENT), and ends. The process waits for
// report.open_gate(). Throws SystemError.
Fd join(const JoinPlan& plan, ChildReport& report);
