// The script, and at a moment that nobody has chosen the daemon, a shim, or both are killed.
#pragma once

#include <cstdint>

struct RoundsOrder {
    unsigned rounds = 100;
    std::uint64_t seed = 1;
};

// Prints a line of figures; 1 when anything was violated.
int kill_at_random(const RoundsOrder& order);
