// Starting another program with exactly the descriptors that it is handed.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/fd.hpp"

struct SpawnedProgram {
    pid_t pid = 0;  // a child, which has no owner yet
    Fd process;     // a pidfd: readable when it has ended
};

// Executes `file` with these arguments (the first is its name) in a session of its own; nothing is
// blocked or ignored there. Its descriptors 0, 1, 2 and so on are `descriptors`, and of ours that
// are close-on-exec it gets no other; where -1 stands it gets /dev/null. posix_spawn(3), which does
// not copy our memory. Throws SystemError.
SpawnedProgram spawn_program(const std::string& file, std::vector<std::string> arguments,
                             const std::vector<int>& descriptors);
