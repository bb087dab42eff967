// Stage 1 beside a bare echo.
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "common/error.hpp"
#include "tests/bench/load.hpp"
#include "tests/bench/round_robin.hpp"
#include "tests/bench/servers.hpp"
#include "tests/bench/statistics.hpp"
#include "tests/bench/topics.hpp"

static constexpr double kTurnMs = 200;
static constexpr int kIdleConnections = 5000;
static constexpr int kOtherDescriptors = 200;
static const std::vector<std::string> kList{"list\n"};

// One server with the clients that it has in one comparison.
static Contestant contestant(const std::string& name, std::uint16_t port, int connections) {
    const auto client = std::make_shared<LoadClient>(port, connections);
    return {name, [client] { return client->run(kList, kTurnMs); }};
}

static std::string connections_text(int count) {
    return std::to_string(count) + (count == 1 ? " connection" : " connections");
}

void measure_requests(const Settings& settings, Report& report) {
    report.heading("Stage 1: requests per second, client and server on one processor");
    const std::string program = settings.build + "/stage1-tcp-manager";
    if (::access(program.c_str(), X_OK) != 0) return report.paragraph("stage 1 is not built.");
    const int idle_count = std::min(settings.size(kIdleConnections),
                                    (raise_descriptor_limit() - kOtherDescriptors) / 2);
    const OneProcessor pinned;
    const EchoServer echo;
    const ManagerServer manager{program};
    const Rounds rounds{settings.rounds_or(15, 5), 1, std::chrono::milliseconds{0}};

    std::vector<Contestant> contestants;
    for (const int connections : {1, 50}) {
        contestants.push_back(contestant("floor", echo.port(), connections));
        contestants.push_back(contestant("stage 1", manager.port(), connections));
    }
    const auto alone = round_robin(contestants, rounds);
    std::vector<Fd> idle = idle_connections(echo.port(), idle_count);
    for (Fd& one : idle_connections(manager.port(), idle_count)) {
        idle.push_back(std::move(one));
    }
    const auto crowded = round_robin(contestants, rounds);

    const std::string beside = "beside " + std::to_string(idle_count) + " idle ones";
    std::vector<std::vector<std::string>> rows{
        {"", "bare echo", "stage 1", "x echo", "stage 1 " + beside, "x without them"}};
    for (std::size_t i = 0; i < alone.size(); i += 2) {
        for (const Series* series : {&alone[i], &alone[i + 1], &crowded[i + 1]}) {
            if (!series->fault.empty()) report.paragraph(series->name + ": " + series->fault);
        }
        const double to_echo = median_ratio(alone[i + 1].values, alone[i].values);
        // What the idle ones cost stage 1, less what they cost the echo: nothing is both's due.
        const double to_alone = median_ratio(crowded[i + 1].values, crowded[i].values) / to_echo;
        const std::string name = connections_text(i == 0 ? 1 : 50);
        rows.push_back({name, number_text(median(alone[i].values)),
                        number_text(median(alone[i + 1].values)), number_text(to_echo),
                        number_text(median(crowded[i + 1].values)), number_text(to_alone)});
        report.add({"stage 1 / bare echo, " + name, to_echo, 0.8, false, "it failed"});
        report.add(
            {"stage 1 " + beside + " / without, " + name, to_alone, 0.9, false, "it failed"});
    }
    report.table(rows);
}
