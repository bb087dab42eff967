// Programs that the classroom starts and waits for.
#pragma once

#include <string>
#include <vector>

#include "common/fd.hpp"
#include "common/process.hpp"

struct Ended {
    int exit_code = 0;
    std::string output;  // both streams, in order
};

// Runs it to its end, in `directory`, with these variables on top of our own.
Ended run_to_end(const std::vector<std::string>& command, const std::string& directory,
                 const std::vector<std::string>& variables = {});

// Only starts it: both streams come out of one pipe, to be read until it ends.
struct Started {
    Fd output;
    Child child;
};
Started start_with_output(const std::vector<std::string>& command, const std::string& directory,
                          const std::vector<std::string>& variables = {});

// Our own environment with these variables changed.
std::vector<std::string> environment_with(const std::vector<std::string>& variables);
