// GET /version and GET /info.
#pragma once

#include <string>

#include "stage6-daemon-shim/core/json/json.hpp"

struct SystemFacts {
    std::string engine_name;  // "slipway" or "orchestrator"
    std::string root;         // the state directory
    std::string driver;       // "overlay" or "copy"
    int containers_running = 0, containers_paused = 0, containers_stopped = 0;
    int images = 0;
};

// Of this machine, in Go's names, which clients compare with: "amd64".
std::string architecture();

Json version_of(const std::string& engine_name);
Json info_of(const SystemFacts& facts);
