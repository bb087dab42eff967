// Commands and streams as a failed case shows them to a person.
#pragma once

#include <string>
#include <vector>

#include "tests/support/testing.hpp"

// A word as a shell takes it, and a whole command to paste.
std::string quoted(const std::string& word);
std::string command_line_of(const std::vector<std::string>& command, const RunOptions& options);

// The stream in lines, its middle left out when it is long, control bytes made visible.
std::string shown(const std::string& name, const std::string& stream);
