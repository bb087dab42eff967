#include "tests/bench/statistics.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

double quantile(std::vector<double> values, double part) {
    if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::ranges::sort(values);
    const double place = part * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);
    return std::lerp(values[below], values[above], place - std::floor(place));
}

double median(const std::vector<double>& values) {
    return quantile(values, 0.5);
}

double median_difference(const std::vector<double>& values, const std::vector<double>& base) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < std::min(values.size(), base.size()); ++i) {
        differences.push_back(values[i] - base[i]);
    }
    return median(differences);
}

double median_ratio(const std::vector<double>& values, const std::vector<double>& base) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(values.size(), base.size()); ++i) {
        ratios.push_back(values[i] / base[i]);
    }
    return median(ratios);
}

double now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>{now}.count();
}

void stay_quiet(std::chrono::milliseconds duration) {
    ::poll(nullptr, 0, static_cast<int>(duration.count()));
}

std::string number_text(double value) {
    if (std::isnan(value)) return "-";
    const double size = std::abs(value);
    const int digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}
