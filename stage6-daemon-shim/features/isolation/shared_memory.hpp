// --shm-size: how large /dev/shm may grow.
#pragma once

#include "stage6-daemon-shim/core/runtime/launch.hpp"

inline constexpr std::int64_t kSharedMemoryBytes = 64 << 20;  // what stage 4 mounts

// The spec's annotation: a number of bytes.
inline constexpr const char* kSharedMemoryAnnotation = "slipway.shm";

// Step 7: the tmpfs that stage 4 mounted gets another size.
void resize_shared_memory(Launch& launch);
