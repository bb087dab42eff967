#include "stage6-daemon-shim/core/contract/timestamp.hpp"

#include <chrono>

timespec wall_clock() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now;
}

// Writes the number with leading zeros into text[start, start + width).
static void put(std::string& text, std::size_t start, std::size_t width, long number) {
    for (std::size_t i = width; i-- > 0; number /= 10) {
        text[start + i] = static_cast<char>('0' + number % 10);
    }
}

std::string timestamp(const timespec& time) {
    const std::chrono::sys_seconds seconds{std::chrono::seconds{time.tv_sec}};
    const auto midnight = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date{midnight};
    const long second_of_day = (seconds - midnight).count();
    std::string text = "0000-00-00T00:00:00.000000000Z";
    put(text, 0, 4, int{date.year()});
    put(text, 5, 2, unsigned{date.month()});
    put(text, 8, 2, unsigned{date.day()});
    put(text, 11, 2, second_of_day / 3600);
    put(text, 14, 2, second_of_day / 60 % 60);
    put(text, 17, 2, second_of_day % 60);
    put(text, 20, 9, time.tv_nsec);
    return text;
}
