// Programs that the classroom starts and waits for.
#pragma once

#include <string>
#include <vector>

struct Ended {
    int exit_code = 0;
    std::string output;  // both streams, in order
};

// Runs it to its end, in `directory`, with these variables on top of our own.
Ended run_to_end(const std::vector<std::string>& command, const std::string& directory,
                 const std::vector<std::string>& variables = {});

// Our own environment with these variables changed.
std::vector<std::string> environment_with(const std::vector<std::string>& variables);
