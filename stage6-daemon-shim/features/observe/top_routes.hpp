// GET /containers/{id}/top.
#pragma once

#include "stage6-daemon-shim/core/daemon/daemon.hpp"

Route top_route(Daemon& daemon);
