// A place in which a stranger's program can harm nobody: namespaces of its own, read-only files, a
// user of its own, little memory, few processes, and an end. Made of stages 3 to 5.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/fd.hpp"
#include "common/process.hpp"
#include "stage5-cgroups/cgroup.hpp"

// Where things are inside.
inline const std::string kBuildInside = "/tmp/build";
inline const std::string kSubmissionInside = "/tmp/submission";
inline const std::string kWorkInside = "/tmp/work";

struct SandboxPlan {
    std::string build;                    // of it build/tests is seen, read-only,
    std::vector<std::string> programs{};  // and these, which the tests start
    std::string submission;               // a directory or a file, seen read-only too
    std::vector<std::string> hidden{};    // directories in which others could find an answer
    int number = 0;                       // where we are root each has a user of its own
    std::vector<std::string> command{};
    std::vector<std::string> environment{};
};

struct Sandbox {
    std::unique_ptr<Cgroup> cgroup;  // with as many limits as this machine lets us set
    Fd output;                       // both streams of the command
    Child init;                      // process 1 inside: with it all others end
};

// Throws ChildFailed or another std::exception when it cannot be made as it should be: then nothing
// of the stranger's has run.
Sandbox start_in_sandbox(const SandboxPlan& plan);
