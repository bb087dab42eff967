// Launching one process from a spec: the order of all the steps that stages 3, 4 and 5 explain.
#pragma once

#include <span>

#include "common/fd.hpp"
#include "common/process.hpp"
#include "stage3-namespaces/child_report.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"
#include "stage6-daemon-shim/core/runtime/user_map.hpp"

// What becomes 0, 1 and 2 of the process; borrowed. With a terminal these come from its own devpts
// instead, and `console` is a Unix socket over which the terminal's other end is handed out.
struct Streams {
    int input = -1, output = -1, error = -1;
    int console = -1;
};

// What the steps share. They run in the child, one after the other, each under its number.
struct Launch {
    const Spec& spec;
    const Cgroup* cgroup;  // nullptr: none
    Streams streams;
    const ChildReport& report;
    UserSpec user{};                         // the spec's; what it gives as names, step 11 finds
    std::vector<std::string> environment{};  // the spec's, and what only the root could tell
    OutsideMounts* outside = nullptr;        // what the parent has opened, until step 8
    Fd root{};                               // the root's mount, from step 6 to step 8
    bool is_first_process = true;            // false: it joins, and the container is made

    bool has(NamespaceSet kind) const { return (spec.namespaces & kind) != 0; }
};

// A step of a launch. Features bring theirs; of two with one number the core's comes first. The
// steps from 11 on concern the process alone, and not the container around it: a process that joins
// later takes them too (join.hpp).
struct LaunchStep {
    int number;
    void (*run)(Launch& launch);  // throws what the asker is told
};

inline constexpr int kFirstStepOfProcess = 11;

struct LaunchPlan {
    const Spec& spec;
    Cgroup* cgroup;  // with its limits set; nullptr: none
    Streams streams;
    std::span<const LaunchStep> feature_steps{};
};

// Starts the child that goes through the steps, and lets it go on. It runs once
// `report.expect_success()` has returned; that throws ChildFailed, with exit code 126 or 127 and
// runc's words when it was the program that could not be executed. Throws SystemError.
Child launch(const LaunchPlan& plan, ChildReport& report);
