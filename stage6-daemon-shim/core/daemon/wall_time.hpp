// Times for people and records. Durations are never computed from them: a clock can be set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Nanoseconds since 1970; 0: never.
using WallTime = std::int64_t;
constexpr WallTime kWallSecond = 1'000'000'000;

WallTime wall_time_now();

// "2026-01-02T15:04:05.123456789Z"; "0001-01-01T00:00:00Z", which Docker says for never.
std::string time_text(WallTime time);

// The other way; 0 for a text that is none.
WallTime parse_time(std::string_view text);

// What `since` and `until` hold: "1700000000" or "1700000000.000000001". Throws HttpError 400.
WallTime parse_unix_time(std::string_view text, std::string_view what);

// A duration ("1h30m") as nanoseconds; nothing for a text that is none, or too long a one.
std::optional<std::int64_t> parse_nanoseconds(std::string_view text);

// What the filter `until` holds: so long ago ("24h"), a date, or seconds since 1970. Throws
// HttpError 400.
WallTime parse_until(std::string_view text, std::string_view what);
