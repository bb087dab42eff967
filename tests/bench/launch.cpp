// Launch to exit of the shortest program, beside the kernel's floor and beside other runtimes.
#include <algorithm>
#include <limits>

#include "tests/bench/contestants.hpp"
#include "tests/bench/figure.hpp"
#include "tests/bench/round_robin.hpp"
#include "tests/bench/statistics.hpp"
#include "tests/bench/topics.hpp"

static constexpr std::chrono::milliseconds kQuietGap{100};
static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// The fastest of the floors that do all that stage 5 does.
static const Series* best_floor(const std::vector<Series>& all) {
    const Series* best = nullptr;
    for (const Series& series : all) {
        if (!series.name.starts_with(kFullFloor) || series.values.empty()) continue;
        if (best == nullptr || median(series.values) < median(best->values)) best = &series;
    }
    return best;
}

// How many times as long the first takes; nothing when one of them is missing.
static double ratio(const Series* slower, const Series* faster) {
    if (slower == nullptr || faster == nullptr) return kNone;
    return median_ratio(slower->values, faster->values);
}

static std::vector<std::string> row(const Series& cold, const Series& hot, const Series* cold_floor,
                                    const Series* hot_floor) {
    if (cold.values.empty() || hot.values.empty()) return {cold.name, "-", "-", "-", "-"};
    return {cold.name, number_text(median(cold.values)), number_text(ratio(&cold, cold_floor)),
            number_text(median(hot.values)), number_text(ratio(&hot, hot_floor))};
}

static void add_targets(const std::vector<Series>& cold, const std::vector<Series>& hot,
                        Report& report) {
    const auto add = [&](const char* what, const std::vector<Series>& all, double floor_bound,
                         double crun_bound) {
        const Series* stage5 = find_series(all, kStage5);
        const Series* crun = find_series(all, "crun");
        report.add({std::string{"stage 5 / best floor, "} + what, ratio(stage5, best_floor(all)),
                    floor_bound, true, "no floor or no stage 5 here"});
        report.add({std::string{"crun / stage 5, "} + what, ratio(crun, stage5), crun_bound, false,
                    "no crun here"});
    };
    add("after 100 ms of quiet", cold, 1.5, 6);
    add("hot", hot, 1.5, 2.5);
}

static void write_table(const std::vector<Series>& cold, const std::vector<Series>& hot,
                        Report& report) {
    std::vector<std::vector<std::string>> rows{
        {"launch to exit", "after 100 ms of quiet, ms", "x floor", "hot, ms", "x floor"}};
    for (std::size_t i = 0; i < cold.size(); ++i) {
        rows.push_back(row(cold[i], hot[i], best_floor(cold), best_floor(hot)));
    }
    report.table(rows);
    for (const auto* all : {&cold, &hot}) {
        for (const Series& series : *all) {
            if (!series.fault.empty()) report.paragraph(series.name + ": " + series.fault);
        }
    }
}

void measure_launch(const Settings& settings, Report& report) {
    report.heading("Launch to exit of a static program that does nothing");
    const LaunchField field{settings};
    report.paragraph(
        "Namespaces: pid, mnt, uts, ipc, net, cgroup; pivot_root; 64 MiB, 64 processes. A floor is "
        "the bare system calls; `" +
        kFullFloor +
        "` also mounts what stage 5 mounts (/proc, /sys and its cgroup trees, /dev with pts, shm "
        "and mqueue, /tmp), as crun and "
        "runc do here. \"x floor\" compares with the best of those, turn by turn.");
    for (const auto& line : field.remarks()) report.paragraph(line);

    const auto contestants = field.contestants(settings.quick);
    const std::vector<Series> hot =
        round_robin(contestants, {settings.rounds_or(200, 100), 3, std::chrono::milliseconds{0}});
    const std::vector<Series> cold =
        round_robin(contestants, {settings.rounds_or(60, 30), 1, kQuietGap});
    write_table(cold, hot, report);
    add_targets(cold, hot, report);
    if (!settings.figure.empty()) report.paragraph(draw_launch_figure(settings, cold, hot));
}
