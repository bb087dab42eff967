// Sizes: stage 5's and the client's parser say the same of the same words; what is accepted is in
// its range; whole numbers are exact.
#include <optional>

#include "common/error.hpp"
#include "common/options.hpp"
#include "stage5-cgroups/limits.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "tests/fuzz/fuzz.hpp"

template <class Parse>
static auto parsed(Parse parse) -> std::optional<decltype(parse())> {
    try {
        return parse();
    } catch (const UsageError&) {
        return {};
    }
}

static void check_whole(std::string_view digits) {
    const auto number = parsed([&] { return parse_number(digits, "x", 1, 1L << 52); });
    if (!number || digits[0] == '-') return;
    const std::string text{digits};
    const auto bytes = parsed([&] { return parse_bytes(text + "b", "x"); });
    hold(bytes == *number, "a whole number of bytes is kept");
    const auto kilobytes = parsed([&] { return parse_bytes(text + "k", "x"); });
    hold(kilobytes == *number * 1024, "and one of KiB");
    if (*number > 1'000'000) return;
    hold(parsed([&] { return parse_nano_cpus(text, "x"); }) == *number * 1'000'000'000,
         "and one of CPUs");
}

void check_input(std::string_view input) {
    const auto memory = parsed([&] { return parse_memory(input); });
    const auto bytes = parsed([&] { return parse_bytes(input, "x"); });
    const auto cpus = parsed([&] { return parse_nano_cpus(input, "x"); });
    const bool has_unit = !input.empty() && input.back() > '9';
    if (memory && bytes && has_unit) {
        hold(*memory == static_cast<std::uint64_t>(*bytes), "both parsers say the same");
    }
    hold(!memory || *memory == 0 || *memory >= 6u << 20, "memory has a smallest size");
    hold(!bytes || *bytes >= 0, "a size is not negative");
    hold(!cpus || (*cpus >= 0 && *cpus <= 1'000'000'000'000'000), "CPUs have their range");
    check_whole(input);
    if (bytes) {
        memory_text(*bytes);
        size_text(*bytes);
        duration_text(*bytes);
    }
}
