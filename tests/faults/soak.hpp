// Workers that use the engine at random, and a hand that kills the daemon under them.
#pragma once

#include <cstdint>

#include "tests/faults/worker.hpp"

struct SoakOrder {
    std::uint64_t seed = 1;
    double seconds = 60;  // at least so long,
    unsigned kills = 0;   // and until the daemon has been killed so often
    bool kills_shims = true;
    Tamper tamper = Tamper::none;
};

// Prints a line of figures; 1 when anything was violated.
int soak(const SoakOrder& order);
