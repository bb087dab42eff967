// The runtimes that stage 5 is compared with, told to do the same.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/command.hpp"

struct Runtime {
    std::string name;     // "crun"
    std::string version;  // empty when it is not installed
    Command command;      // starts /bin/true in the root, with the same namespaces, mounts, limits
    bool has_limits = true;
};

// crun, runc and bubblewrap. `directory` is for their bundle and their records.
std::vector<Runtime> find_runtimes(const std::string& directory, const std::string& root);
