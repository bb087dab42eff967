#include "stage6-daemon-shim/core/client/quantities.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <optional>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/wire/duration.hpp"

static UsageError bad_value(std::string_view what, std::string_view text, const char* expected) {
    return UsageError{std::string{what} + " " + printable(text) + ": expected " + expected};
}

// The decimal number at the front of the text, which is taken off it. Never a sign or exponent.
static std::optional<double> take_number(std::string_view& text) {
    double number = 0;
    const char* end = text.data() + text.size();
    if (text.empty() || text[0] < '0' || text[0] > '9') return {};
    const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    if (error != std::errc{}) return {};
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    return number;
}

static char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

std::int64_t parse_bytes(std::string_view text, std::string_view what) {
    constexpr const char* expected = "a size such as 512m or 1.5g (b, k, m, g, t)";
    std::string_view rest = text;
    const auto number = take_number(rest);
    if (!number) throw bad_value(what, text, expected);
    double unit = 1;
    if (!rest.empty() && lower(rest[0]) != 'b') {
        const auto power = std::string_view{"kmgtp"}.find(lower(rest[0]));
        if (power == std::string_view::npos) throw bad_value(what, text, expected);
        unit = std::pow(1024.0, static_cast<double>(power + 1));
        rest.remove_prefix(1);
        if (rest.size() == 2 && lower(rest[0]) == 'i') rest.remove_prefix(1);
    }
    if (rest.size() == 1 && lower(rest[0]) == 'b') rest.remove_prefix(1);
    const double bytes = *number * unit;
    if (!rest.empty() || bytes >= 0x1p63) throw bad_value(what, text, expected);
    return static_cast<std::int64_t>(bytes);
}

std::int64_t parse_nano_cpus(std::string_view text, std::string_view what) {
    std::string_view rest = text;
    const auto cpus = take_number(rest);
    if (!cpus || !rest.empty() || *cpus > 1e6) {
        throw bad_value(what, text, "a number of CPUs such as 0.5 or 2");
    }
    return std::llround(*cpus * 1e9);
}

static bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

std::int64_t parse_nanoseconds(std::string_view text, std::string_view what) {
    const std::optional<double> seconds = parse_duration(text);
    if (!seconds || *seconds > 1e9) throw bad_value(what, text, "a time such as 30s or 1m30s");
    return std::llround(*seconds * 1e9);
}

// "Z", "+01:00" or nothing (local time) behind a date: its seconds since 1970.
static std::optional<std::int64_t> with_zone(tm date, std::string_view zone) {
    if (zone.empty()) {
        date.tm_isdst = -1;
        return ::mktime(&date);
    }
    if (zone == "Z") return ::timegm(&date);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return {};
    int numbers[6]{};
    for (const std::size_t at : {1u, 2u, 4u, 5u}) {
        if (!is_digit(zone[at])) return {};
        numbers[at] = zone[at] - '0';
    }
    const int minutes = (numbers[1] * 10 + numbers[2]) * 60 + numbers[4] * 10 + numbers[5];
    const std::int64_t offset = minutes * 60;
    return ::timegm(&date) - (zone[0] == '+' ? offset : -offset);
}

static std::optional<std::string> parse_date(std::string_view text) {
    const std::string whole{text};
    for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
        tm date{};
        const char* end = ::strptime(whole.c_str(), format, &date);
        if (end == nullptr) continue;
        std::string_view rest{end};
        std::string_view fraction;
        if (rest.starts_with('.')) {
            const auto digits = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
            if (digits == 1) return {};
            fraction = rest.substr(0, std::min<std::size_t>(digits, 10));
            rest.remove_prefix(digits);
        }
        const auto seconds = with_zone(date, rest);
        if (seconds) return std::to_string(*seconds) + std::string{fraction};
    }
    return {};
}

// "1700000000", "1700000000.5": what the API takes as it is.
static bool is_unix_time(std::string_view text) {
    constexpr std::size_t digits_max = 18;
    const auto point = std::min(text.find('.'), text.size());
    const auto fraction = text.substr(std::min(point + 1, text.size()));
    return point > 0 && point <= digits_max && (point == text.size() || !fraction.empty()) &&
           std::ranges::all_of(text.substr(0, point), is_digit) &&
           std::ranges::all_of(fraction, is_digit);
}

std::string parse_moment(std::string_view text, std::string_view what) {
    if (is_unix_time(text)) return std::string{text};
    if (const auto ago = parse_duration(text)) {
        constexpr double longest = 9e9;  // in nanoseconds it has 63 bits still
        if (*ago >= longest) return "0";
        timespec now{};
        check(::clock_gettime(CLOCK_REALTIME, &now), "clock_gettime");
        const auto nanoseconds = static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 +
                                 now.tv_nsec - std::llround(*ago * 1e9);
        if (nanoseconds < 0) return "0";
        char moment[48];
        std::snprintf(moment, sizeof moment, "%lld.%09lld",
                      static_cast<long long>(nanoseconds / 1'000'000'000),
                      static_cast<long long>(nanoseconds % 1'000'000'000));
        return moment;
    }
    if (const auto date = parse_date(text)) return *date;
    throw bad_value(what, text, "a time such as 10m, 2026-01-02T15:04:05 or 1700000000");
}

std::string duration_text(std::int64_t seconds) {
    constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour;
    const auto count = [](std::int64_t number, const char* unit) {
        return std::to_string(number) + unit;
    };
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < minute) return count(seconds, " seconds");
    if (seconds < 2 * minute) return "About a minute";
    if (seconds < hour) return count(seconds / minute, " minutes");
    const std::int64_t hours = (seconds + hour / 2) / hour;
    if (hours == 1) return "About an hour";
    if (hours < 48) return count(hours, " hours");
    if (hours < 24 * 7 * 2) return count(seconds / day, " days");
    if (hours < 24 * 30 * 2) return count(seconds / day / 7, " weeks");
    if (hours < 24 * 365 * 2) return count(seconds / day / 30, " months");
    return count(seconds / day / 365, " years");
}

static std::string scaled(std::int64_t bytes, double base, int digits,
                          const std::array<const char*, 6>& units) {
    double number = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (number >= base && unit + 1 < units.size()) {
        number /= base;
        ++unit;
    }
    char text[48];
    std::snprintf(text, sizeof text, "%.*g%s", digits, number, units[unit]);
    return text;
}

std::string size_text(std::int64_t bytes) {
    return scaled(bytes, 1000, 3, {"B", "kB", "MB", "GB", "TB", "PB"});
}

std::string memory_text(std::int64_t bytes) {
    return scaled(bytes, 1024, 4, {"B", "KiB", "MiB", "GiB", "TiB", "PiB"});
}
