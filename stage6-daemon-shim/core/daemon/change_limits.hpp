// New limits for a container that runs.
#pragma once

#include "stage6-daemon-shim/core/daemon/container.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"

// Writes what is different into the files of its control groups. A group that a limit needs and
// that is not there yet, as on version 1, is made, and the processes join it. Throws SystemError,
// and Failure for a limit that cannot be had here; those before it may have been changed by then.
void change_limits(const Container& container, const LimitsSpec& before, const LimitsSpec& wanted);
