// Watching the engine at work: events, statistics, process lists; and clearing up behind it.
#pragma once

#include "stage6-daemon-shim/core/daemon/feature.hpp"

DaemonFeature observe_in_daemon();
