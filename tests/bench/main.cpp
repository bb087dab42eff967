// slipway-bench: figures beside the kernel's floor and whichever other runtimes are installed.
#include <signal.h>

#include <algorithm>
#include <cstdlib>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "tests/bench/machine.hpp"
#include "tests/bench/topics.hpp"

static constexpr Program kProgram{
    "slipway-bench", "[OPTIONS] [TOPIC...]",
    "Measures, prints tables with the medians of many rounds and with ratios, and says which\n"
    "ratios fall short of their targets. Only ratios within one run mean something."};

struct CommandLine {
    Settings settings;
    std::string output;
    bool only_list = false;
    std::vector<std::string> topics;
};

static std::string build_directory() {
    if (const char* chosen = std::getenv("BUILD")) return chosen;
    const std::string own = std::string{::canonicalize_file_name("/proc/self/exe")};
    const std::string tests = own.substr(0, own.rfind('/'));  // we are build/tests/slipway-bench
    return tests.substr(0, tests.rfind('/'));
}

static CommandLine parse(int argc, char** argv) {
    CommandLine line;
    const std::vector<Option> options{
        {"--quick", "", "only what has a target, in under a minute",
         [&](auto) { line.settings.quick = true; }},
        {"--rounds", "N", "for every topic (default: each its own number)",
         [&](auto text) {
             line.settings.rounds = static_cast<int>(parse_number(text, "--rounds", 1, 100000));
         }},
        {"--out", "FILE", "write the tables there too", [&](auto text) { line.output = text; }},
        {"--figure", "FILE", "draw the launch comparison there (SVG, by gnuplot)",
         [&](auto text) { line.settings.figure = text; }},
        {"--list", "", "the topics", [&](auto) { line.only_list = true; }},
    };
    line.topics = parse_options(kProgram, options, arguments_of(argc, argv));
    line.settings.build = build_directory();
    for (const auto& name : line.topics) {
        if (std::ranges::find(all_topics(), name, &Topic::name) != all_topics().end()) continue;
        throw UsageError{"no such topic: " + printable(name) + " (try slipway-bench --list)"};
    }
    return line;
}

static bool is_wanted(const CommandLine& line, const Topic& topic) {
    if (!line.topics.empty()) return std::ranges::count(line.topics, topic.name) > 0;
    return topic.has_targets || !line.settings.quick;
}

static int list_topics() {
    for (const Topic& topic : all_topics()) {
        print(topic.name + std::string(12 - topic.name.size(), ' ') + topic.about + "\n");
    }
    return 0;
}

int main(int argc, char** argv) try {
    ensure_standard_streams();
    ::signal(SIGPIPE, SIG_IGN);
    const CommandLine line = parse(argc, argv);
    if (line.only_list) return list_topics();
    Report report{line.settings.quick};
    report.paragraph("# Slipway beside the kernel and others\n\n" + describe_machine());
    for (const Topic& topic : all_topics()) {
        if (is_wanted(line, topic)) topic.run(line.settings, report);
    }
    report.targets();
    if (!line.output.empty()) write_file(line.output, report.text());
    return 0;
} catch (const UsageError& error) {
    return report_failure(kProgram.name, error, 2);
} catch (const std::exception& error) {
    return report_failure(kProgram.name, error, 1);
}
