// Makes all processes of a container stand still, and lets them go on.
//
// The control group's freezer does it where there is one: nobody in it notices anything. Without a
// freezer each process is stopped by a signal (SIGSTOP), which its parent may notice. A plain
// process, without isolation, is stopped so always: by its process group, through the shim.
#pragma once

#include "stage6-daemon-shim/core/daemon/container_table.hpp"

// Whether the kernel can tell later that this container is held. Where not, write it down.
bool has_freezer(const Container& container);

// Returns when all stand still. Throws SystemError and Failure, and then nobody is held.
Task<void> hold_processes(EventLoop& loop, ContainerPointer container);

// Those who do not stand still are none the worse for it. Throws SystemError and Failure.
Task<void> release_processes(EventLoop& loop, ContainerPointer container);

// Whether an earlier daemon held it: from the freezer, or from what was written down.
bool is_held(const Container& container);

// Whether the freezer of this machine can be had by us.
bool can_freeze_here();
