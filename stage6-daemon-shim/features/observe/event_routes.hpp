// GET /events.
#pragma once

#include "stage6-daemon-shim/core/server/router.hpp"
#include "stage6-daemon-shim/features/observe/event_history.hpp"

Route event_route(HistoryPointer history);
