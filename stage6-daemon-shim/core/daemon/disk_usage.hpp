// How much a directory holds, for `ps --size`, `system df` and the prunes.
#pragma once

#include <cstdint>
#include <string>

#include "stage6-daemon-shim/core/loop/event_loop.hpp"

// The sizes of all files below it, together; those of files that vanish meanwhile, and of a
// directory that is not there or not ours to read, count nothing. A large tree takes its time, and
// others are served between any two of its directories.
Task<std::int64_t> disk_usage(EventLoop& loop, std::string directory);
