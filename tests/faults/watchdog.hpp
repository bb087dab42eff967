// An engine that does not answer any more would keep everybody waiting who asks it.
#pragma once

#include "tests/faults/engine.hpp"

// Kills the daemon of an engine that is still used after a time in which all is done ten times
// over: then whoever waits for its answer goes on.
class Watchdog {
public:
    explicit Watchdog(const Engine& engine);

    // Whether it had to. From here on it sleeps.
    bool has_bitten();

private:
    Child child_;
};
