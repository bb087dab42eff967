// The prunes, and GET /system/df.
#pragma once

#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/features/observe/event_history.hpp"

std::vector<Route> prune_routes(Daemon& daemon, HistoryPointer history);
