#pragma once

#include "stage6-daemon-shim/core/daemon/feature.hpp"

// -t, for containers and execs, and the size of their terminals.
DaemonFeature terminal_in_daemon();
