// Removing directories without keeping everybody else waiting.
#pragma once

#include <string>

#include "stage6-daemon-shim/core/loop/event_loop.hpp"

// A few files are removed here and now; a big tree in a worker. A missing one is as good as
// removed. Throws Failure when something is left.
Task<void> remove_directory(EventLoop& loop, std::string path);
