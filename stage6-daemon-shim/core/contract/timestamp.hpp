// Wall-clock times as Docker writes them: 2026-01-02T15:04:05.123456789Z.
#pragma once

#include <cstddef>
#include <ctime>
#include <string>

constexpr std::size_t kTimestampBytes = 30;

timespec wall_clock();

// Always kTimestampBytes long. Without gmtime(3), which reads the time zone's file.
std::string timestamp(const timespec& time);
