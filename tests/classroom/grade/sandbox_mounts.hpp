// What a submission sees of the files: all of the host's, read-only, but for places of its own in
// memory, and nothing of whoever grades.
#pragma once

#include <string>
#include <vector>

struct SandboxMounts {
    std::string build, submission;
    std::vector<std::string> programs{}, hidden{};
};

// For a process in a mount namespace of its own, whose mounts are private, and with rights over it.
// Throws SystemError.
void arrange_mounts(const SandboxMounts& mounts);
