#include "stage6-daemon-shim/core/wire/duration.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

struct DurationUnit {
    std::string_view name;
    double seconds;
};
// A name stands behind those that begin with it.
static constexpr DurationUnit kUnits[] = {{"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9},
                                          {"h", 3600},  {"m", 60},    {"s", 1}};

std::optional<double> parse_duration(std::string_view text) {
    if (text.empty()) return {};
    if (text == "0") return 0;
    double seconds = 0;
    while (!text.empty()) {
        if (text[0] < '0' || text[0] > '9') return {};  // no sign, and no "inf"
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number,
                                                  std::chars_format::fixed);
        if (error != std::errc{}) return {};
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const auto* const unit = std::ranges::find_if(
            kUnits, [&](const DurationUnit& known) { return text.starts_with(known.name); });
        if (unit == std::end(kUnits)) return {};
        text.remove_prefix(unit->name.size());
        seconds += number * unit->seconds;
    }
    return seconds;
}
