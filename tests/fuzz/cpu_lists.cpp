// Lists of processors: the kernel's form, read as a plain walk over its letters reads it; a list
// that was read, written out one by one, is the same list.
#include "stage5-cgroups/cpu_list.hpp"

#include <optional>

#include "common/error.hpp"
#include "tests/fuzz/fuzz.hpp"

// NUMBER[-NUMBER][,...]
static std::optional<std::set<unsigned>> walk(std::string_view text) {
    std::set<unsigned> all;
    std::size_t at = 0;
    const auto number = [&]() -> std::optional<unsigned> {
        unsigned value = 0;
        const std::size_t start = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
            value = std::min(value * 10 + static_cast<unsigned>(text[at++] - '0'), 100'000u);
        }
        if (at == start || value > kCpuNumberMax) return {};
        return value;
    };
    while (true) {
        const auto first = number();
        auto last = first;
        if (first && at < text.size() && text[at] == '-') {
            ++at;
            last = number();
        }
        if (!first || !last || *first > *last) return {};
        for (unsigned cpu = *first; cpu <= *last; ++cpu) all.insert(cpu);
        if (at == text.size()) return all;
        if (text[at++] != ',') return {};
    }
}

void check_input(std::string_view input) {
    std::optional<std::set<unsigned>> cpus;
    try {
        cpus = parse_cpu_list(input);
    } catch (const UsageError&) {
    }
    hold(cpus == walk(input), "a plain walk reads the same");
    if (!cpus) return;
    std::string text;
    for (const unsigned cpu : *cpus) text += std::to_string(cpu) + ",";
    text.pop_back();
    hold(parse_cpu_list(text) == *cpus, "written out it is the same list");
    check_cpus(input, text + "\n");
}
