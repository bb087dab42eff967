// Containers per second, four at a time.
#include <unistd.h>

#include <limits>

#include "common/error.hpp"
#include "common/process.hpp"
#include "tests/bench/contestants.hpp"
#include "tests/bench/statistics.hpp"
#include "tests/bench/topics.hpp"

static constexpr int kWorkers = 4;
static constexpr int kLaunchesOfWorker = 10;

[[noreturn]] static void be_worker(const LaunchField& field, const Command& command) noexcept {
    try {
        for (int i = 0; i < kLaunchesOfWorker; ++i) time_command(command, field.view());
        ::_exit(0);
    } catch (const std::exception&) {
        ::_exit(1);
    }
}

static double launches_per_second(const LaunchField& field, const Command& command) {
    const double start = now_ms();
    std::vector<Child> workers;
    for (int i = 0; i < kWorkers; ++i) {
        const pid_t pid = clone_process({});
        if (pid == 0) be_worker(field, command);
        workers.emplace_back(pid);
    }
    bool failed = false;
    for (Child& worker : workers) failed = worker.wait() != 0 || failed;
    if (failed) throw Failure{"a launch failed"};
    return kWorkers * kLaunchesOfWorker * 1000 / (now_ms() - start);
}

void measure_crowd(const Settings& settings, Report& report) {
    report.heading("Containers per second, four workers");
    const LaunchField field{settings};
    std::vector<Contestant> contestants;
    std::string floor;
    for (const LaunchCommand& one : field.commands()) {
        if (settings.quick && !one.has_target) continue;
        if (floor.empty() && one.name.starts_with(kFullFloor)) floor = one.name;
        contestants.push_back(
            {one.name, [&field, &one] { return launches_per_second(field, one.command); }});
    }
    const auto all =
        round_robin(contestants, {settings.rounds_or(10, 5), 1, std::chrono::milliseconds{0}});

    const Series* base = find_series(all, floor);
    std::vector<std::vector<std::string>> rows{{"", "per second", "x " + floor}};
    for (const Series& series : all) {
        const bool known = base != nullptr && !series.values.empty();
        rows.push_back({series.name, number_text(median(series.values)),
                        known ? number_text(median_ratio(series.values, base->values)) : "-"});
    }
    report.table(rows);

    const auto quotient = [&](const Series* one, const Series* other) {
        if (one == nullptr || other == nullptr) return std::numeric_limits<double>::quiet_NaN();
        return median_ratio(one->values, other->values);
    };
    const Series* stage5 = find_series(all, kStage5);
    report.add({"stage 5 / floor, containers per second", quotient(stage5, base), 0.62, false,
                "no floor or no stage 5 here"});
    report.add({"stage 5 / crun, containers per second", quotient(stage5, find_series(all, "crun")),
                1.8, false, "no crun here"});
}
