// A terminal of the container's own: pty(7), devpts in the kernel's Documentation/filesystems.
#pragma once

#include "stage6-daemon-shim/core/runtime/launch.hpp"

// Step 11, where the spec asks for one: a new pseudo-terminal of the container's own devpts becomes
// the controlling terminal and 0, 1 and 2; its other end goes out over Streams::console.
void open_terminal(Launch& launch);
