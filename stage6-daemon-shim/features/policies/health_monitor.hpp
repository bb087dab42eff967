// Looks at the health of the containers that run, again and again.
#pragma once

#include "stage6-daemon-shim/core/daemon/daemon.hpp"

// From now on: each container that starts, and those that run already.
void begin_health_monitor(Daemon& daemon);

// State.Health of inspect.
void show_health(const Container& container, Json& answer);
