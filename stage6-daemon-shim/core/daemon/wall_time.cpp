#include "stage6-daemon-shim/core/daemon/wall_time.hpp"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/timestamp.hpp"
#include "stage6-daemon-shim/core/wire/duration.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

WallTime wall_time_now() {
    const timespec now = wall_clock();
    return now.tv_sec * kWallSecond + now.tv_nsec;
}

std::string time_text(WallTime time) {
    if (time == 0) return "0001-01-01T00:00:00Z";
    return timestamp({.tv_sec = time / kWallSecond, .tv_nsec = time % kWallSecond});
}

WallTime parse_time(std::string_view text) {
    tm parts{};
    long nanoseconds = 0;
    const int found = std::sscanf(std::string{text}.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%9ldZ",
                                  &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
                                  &parts.tm_min, &parts.tm_sec, &nanoseconds);
    if (found != 7) return 0;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    const WallTime seconds = ::timegm(&parts);
    // A damaged record may name any year; there are moments from 1970 to 2262.
    const bool there_is = seconds >= 0 && seconds < INT64_MAX / kWallSecond && nanoseconds >= 0;
    return there_is ? seconds * kWallSecond + nanoseconds : 0;
}

WallTime parse_unix_time(std::string_view text, std::string_view what) {
    const HttpError wrong{400, "invalid value for " + std::string{what} + ": " + printable(text)};
    WallTime seconds = 0;
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
    if (error != std::errc{} || end != whole.data() + whole.size()) throw wrong;
    // There is nothing before the first moment and behind the last one: they stand for all others.
    constexpr WallTime largest = INT64_MAX / kWallSecond - 1;
    seconds = std::clamp(seconds, -largest, largest);
    if (point == std::string_view::npos) return seconds * kWallSecond;
    std::string digits{text.substr(point + 1)};
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) throw wrong;
    digits.resize(9, '0');
    return seconds * kWallSecond + std::stol(digits);
}

std::optional<std::int64_t> parse_nanoseconds(std::string_view text) {
    constexpr double seconds_max = 9e9;  // what nanoseconds can count
    const auto seconds = parse_duration(text);
    if (!seconds || *seconds > seconds_max) return {};
    return std::llround(*seconds * 1e9);
}

WallTime parse_until(std::string_view text, std::string_view what) {
    // "0" is the first moment of all, not this one.
    const auto ago = text == "0" ? std::nullopt : parse_nanoseconds(text);
    if (ago) return wall_time_now() - *ago;
    const WallTime date = parse_time(text);
    return date != 0 ? date : parse_unix_time(text, what);
}
