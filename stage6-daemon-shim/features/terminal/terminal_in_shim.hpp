#pragma once

#include "stage6-daemon-shim/core/shim/shim.hpp"

// -t, for containers and execs.
ShimFeature terminal_in_shim();
