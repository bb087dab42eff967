// What the command line of stage 4 asks for: a root to be made, a command to be run in one,
// or out of one.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "stage3-namespaces/isolation_options.hpp"
#include "stage4-chroot/root_options.hpp"

// `rootfs DIR [PROGRAM...]`
struct RootfsRequest {
    std::string directory;
    std::vector<std::string> programs;  // besides the host programs
};

// `run [OPTIONS] [--] COMMAND [ARG...]`
struct RunRequest {
    IsolationOptions isolation;
    RootOptions root;
    std::vector<std::string> environment;  // -e entries
    std::vector<std::string> command;
};

// `breakout COMMAND [ARG...]`
struct BreakoutRequest {
    std::vector<std::string> command;
};

using RootRequest = std::variant<RootfsRequest, RunRequest, BreakoutRequest>;

// --help and --version print and end the program. Throws UsageError.
RootRequest parse_root_request(const std::vector<std::string>& arguments);
