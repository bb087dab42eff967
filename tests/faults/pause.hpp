// Doing nothing for a while: the noise and the faults come at moments that nothing tells.
#pragma once

#include <poll.h>

#include <chrono>

inline void pause_for(std::chrono::microseconds duration) {
    const auto nanoseconds = std::chrono::nanoseconds{duration}.count();
    const timespec time{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    ::ppoll(nullptr, 0, &time, nullptr);
}
