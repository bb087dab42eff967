#include "stage5-cgroups/statistics.hpp"

#include <signal.h>

#include <charconv>
#include <cstdio>

#include "common/error.hpp"
#include "common/file.hpp"

static constexpr int kKilled = 128 + SIGKILL;

// A number from a file of some group: the whole file if `key` is empty, else what follows the key,
// as in "oom_kill 1".
struct Counter {
    const char* file;
    std::string_view key;
    std::uint64_t divisor;
};

static std::optional<std::uint64_t> number_in(const std::string& text, std::string_view key) {
    const auto words = words_of(text);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!key.empty() && (i % 2 != 0 || words[i] != key || i + 1 == words.size())) continue;
        const std::string& word = words[key.empty() ? i : i + 1];
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error == std::errc{} && end == word.data() + word.size()) return number;
        return {};
    }
    return {};
}

static std::optional<std::uint64_t> read_counter(const std::vector<std::string>& directories,
                                                 std::initializer_list<Counter> names) {
    for (const Counter& name : names) {
        for (const auto& directory : directories) {
            const std::string path = directory + "/" + name.file;
            if (!file_exists(path)) continue;
            try {
                const auto number = number_in(read_file(path), name.key);
                if (number) return *number / name.divisor;
            } catch (const SystemError&) {
                // ENOENT, ENODEV: removed between two of our calls.
            }
        }
    }
    return {};
}

Statistics read_statistics(const std::vector<std::string>& directories) {
    Statistics statistics;
    statistics.memory_peak_bytes =
        read_counter(directories, {{"memory.peak", {}, 1}, {"memory.max_usage_in_bytes", {}, 1}});
    // Version 2 counts time in every group, even where it has no controllers; version 1 only in
    // the tree of its own for counting, and in nanoseconds.
    statistics.cpu_microseconds =
        read_counter(directories, {{"cpu.stat", "usage_usec", 1}, {"cpuacct.usage", {}, 1000}});
    // Version 1's name first: beside it version 2 has a line too, and it stays 0.
    statistics.throttled_microseconds = read_counter(
        directories, {{"cpu.stat", "throttled_time", 1000}, {"cpu.stat", "throttled_usec", 1}});
    statistics.out_of_memory_kills = read_counter(
        directories, {{"memory.events", "oom_kill", 1}, {"memory.oom_control", "oom_kill", 1}});
    return statistics;
}

static std::string decimal(double number, int places, const char* unit) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f %s", places, number, unit);
    return text;
}

std::string size_text(std::uint64_t bytes) {
    constexpr std::uint64_t mebibyte = 1u << 20;
    return decimal(static_cast<double>(bytes) / mebibyte, bytes % mebibyte == 0 ? 0 : 1, "MiB");
}

static std::string seconds_text(const std::optional<std::uint64_t>& microseconds) {
    return microseconds ? decimal(static_cast<double>(*microseconds) / 1e6, 3, "s") : "-";
}

std::string statistics_table(const Statistics& statistics, const Limits& limits) {
    const auto& peak = statistics.memory_peak_bytes;
    const std::string memory_limit =
        limits.memory_bytes == 0 ? "no limit" : size_text(limits.memory_bytes);
    const std::string cpu_limit =
        limits.cpu == 0 ? "no limit" : decimal(limits.cpu / 1024.0, 2, "CPU");
    std::string table;
    const auto add_row = [&](const char* name, const std::string& used, const std::string& limit) {
        char row[120];
        const int length =
            std::snprintf(row, sizeof row, "%-12s%-12s%s", name, used.c_str(), limit.c_str());
        std::string_view text{row, static_cast<std::size_t>(length)};
        text = text.substr(0, text.find_last_not_of(' ') + 1);
        table.append(table.empty() ? "" : "\n").append(text);
    };
    add_row("", "used", "allowed");
    add_row("memory", peak ? size_text(*peak) : "-", memory_limit);
    add_row("CPU time", seconds_text(statistics.cpu_microseconds), cpu_limit);
    add_row("throttled", seconds_text(statistics.throttled_microseconds), "");
    return table;
}

std::string out_of_memory_notice(const Statistics& statistics, const Limits& limits,
                                 int exit_code) {
    if (exit_code != kKilled || statistics.out_of_memory_kills.value_or(0) == 0) return {};
    return "killed: out of memory, " + (limits.memory_bytes == 0
                                            ? "and the limit is not the container's own"
                                            : "limit " + size_text(limits.memory_bytes));
}

void tell_usage(const std::vector<std::string>& directories, const Limits& limits, int exit_code,
                bool with_table) {
    if (!with_table && exit_code != kKilled) return;
    const Narrator narrator{false};
    const Statistics statistics = read_statistics(directories);
    if (with_table) {
        for (const auto& row : words_of(statistics_table(statistics, limits), "\n")) {
            narrator.say(row);
        }
    }
    const auto notice = out_of_memory_notice(statistics, limits, exit_code);
    if (!notice.empty()) narrator.say("stage5-cgroups: " + notice);
}
