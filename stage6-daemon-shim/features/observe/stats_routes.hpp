// GET /containers/{id}/stats.
#pragma once

#include "stage6-daemon-shim/core/daemon/daemon.hpp"

Route stats_route(Daemon& daemon);
