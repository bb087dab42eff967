// Whether stage 1's table takes longer as it grows.
#include <unistd.h>

#include <memory>

#include "tests/bench/load.hpp"
#include "tests/bench/round_robin.hpp"
#include "tests/bench/servers.hpp"
#include "tests/bench/statistics.hpp"
#include "tests/bench/topics.hpp"

static constexpr double kTurnMs = 200;
static constexpr int kConnections = 50;

static std::vector<std::string> commands(const std::string& word, int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(word + " c" + std::to_string(i) + "\n");
    return all;
}

// `run` and `stop` by turns, on containers from all over the table.
static std::vector<std::string> run_and_stop(int count) {
    constexpr int step = 7919;  // a prime: no two neighbours
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) {
        const std::string name = " c" + std::to_string(static_cast<long>(i) * step % count) + "\n";
        all.push_back("stop" + name);
        all.push_back("run" + name);
    }
    return all;
}

void measure_table(const Settings& settings, Report& report) {
    report.heading("Stage 1: run and stop per second, 50 connections");
    const std::string program = settings.build + "/stage1-tcp-manager";
    if (::access(program.c_str(), X_OK) != 0) return report.paragraph("stage 1 is not built.");
    const OneProcessor pinned;
    std::vector<Contestant> contestants;
    for (const int count : {10, settings.size(100000)}) {
        const auto manager = std::make_shared<ManagerServer>(program);
        const auto client = std::make_shared<LoadClient>(manager->port(), kConnections);
        client->ask_all(commands("run", count));
        const auto requests = run_and_stop(count);
        contestants.push_back({std::to_string(count) + " containers", [manager, client, requests] {
                                   return client->run(requests, kTurnMs);
                               }});
    }
    const auto all =
        round_robin(contestants, {settings.rounds_or(15, 5), 1, std::chrono::milliseconds{0}});
    std::vector<std::vector<std::string>> rows{{"", "per second", "x the small table"}};
    for (const Series& series : all) {
        rows.push_back({series.name, number_text(median(series.values)),
                        number_text(median_ratio(series.values, all[0].values))});
    }
    report.table(rows);
}
