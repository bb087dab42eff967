// The lock that says whether a shim is alive. A process number may be somebody else's by now; a
// lock may not. flock(2).
//
// The daemon takes it before it makes the shim and hands the descriptor over; then it closes its
// own copy, and never unlocks: LOCK_UN would free it for the shim too, which shares the open file.
// The kernel frees it when the last copy is closed, so the shim's is close-on-exec: whoever lives
// in the container has been exec'd, or has closed it.
#pragma once

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"

// Throws Failure when a shim holds it, SystemError.
Fd lock_shim(const ContainerDir& directory);

// A look that disturbs nobody who looks too, but does disturb lock_shim: not while a start of this
// container is in flight. Throws SystemError, Failure when the file is no regular one.
bool shim_is_alive(const ContainerDir& directory);
