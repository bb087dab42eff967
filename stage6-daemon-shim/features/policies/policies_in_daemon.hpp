// How the policies plug into the daemon: restarts and health checks.
#pragma once

#include "stage6-daemon-shim/core/daemon/feature.hpp"

DaemonFeature policies_in_daemon();
