// What the daemons' main() have in common: names, default places, the command line.
#pragma once

#include <span>
#include <string>

struct DaemonFeature;

struct DaemonProgram {
    std::string program;  // "slipwayd"
    std::string family;   // "slipway": names the default socket and root, and the engine
    std::string shim;     // "slipway-shim": beside the daemon's own file
    bool isolated_by_default = true;
};

// Parses the command line and runs the daemon. Returns main()'s result: 0 ended on request,
// 1 failed, 2 usage.
int daemon_main(int argc, char** argv, const DaemonProgram& program,
                std::span<const DaemonFeature> features);
