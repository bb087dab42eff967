#include "stage5-cgroups/cpu_list.hpp"

#include <string>

#include "common/error.hpp"
#include "common/options.hpp"
#include "stage5-cgroups/hierarchies.hpp"

static unsigned parse_cpu(std::string_view text) {
    return static_cast<unsigned>(parse_number(text, "--cpuset-cpus", 0, kCpuNumberMax));
}

std::set<unsigned> parse_cpu_list(std::string_view text) {
    std::set<unsigned> cpus;
    for (const auto& range : words_of(text, ",")) {
        const std::string_view words = range;
        const auto hyphen = words.find('-');
        const unsigned first = parse_cpu(words.substr(0, hyphen));
        const unsigned last =
            hyphen == std::string_view::npos ? first : parse_cpu(words.substr(hyphen + 1));
        if (first > last) {
            throw UsageError{"--cpuset-cpus " + printable(text) + ": a range begins with the " +
                             "smaller number"};
        }
        for (unsigned cpu = first; cpu <= last; ++cpu) cpus.insert(cpu);
    }
    const bool has_gap = text.starts_with(',') || text.ends_with(',') ||
                         text.find(",,") != std::string_view::npos ||
                         text.find("--") != std::string_view::npos;  // -0 would be a number
    if (cpus.empty() || has_gap) {
        throw UsageError{"--cpuset-cpus " + printable(text) + ": a list such as 0-2,5"};
    }
    return cpus;
}

void check_cpus(std::string_view wanted, std::string_view available) {
    const auto text = available.substr(0, available.find_last_not_of('\n') + 1);
    const auto here = parse_cpu_list(text);
    for (const unsigned cpu : parse_cpu_list(wanted)) {
        if (here.contains(cpu)) continue;
        throw UsageError{"--cpuset-cpus " + printable(wanted) + ": CPU " + std::to_string(cpu) +
                         " is not among those here (" + std::string{text} + ")"};
    }
}
