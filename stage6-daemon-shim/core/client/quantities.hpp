// Sizes, shares and times as a person writes and reads them. The parsers throw UsageError naming
// `what`, the option.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// "512m", "1.5g", "64MiB", "4096" (bytes; k is 1024).
std::int64_t parse_bytes(std::string_view text, std::string_view what);

// "1.5" CPUs as 1500000000.
std::int64_t parse_nano_cpus(std::string_view text, std::string_view what);

// "30s", "1m30s", "250ms" in nanoseconds.
std::int64_t parse_nanoseconds(std::string_view text, std::string_view what);

// A moment, as seconds since 1970 with an optional fraction: "1700000000.5" itself; "10m30s" ago;
// "2026-01-02", "2026-01-02T15:04:05[.9]", of local time unless it ends in Z or +01:00.
std::string parse_moment(std::string_view text, std::string_view what);

// "About a minute", "3 hours": Docker's words for so many seconds.
std::string duration_text(std::int64_t seconds);

// "1.23MB", "612B": three digits, powers of 1000.
std::string size_text(std::int64_t bytes);

// "1.944GiB": four digits, powers of 1024.
std::string memory_text(std::int64_t bytes);
