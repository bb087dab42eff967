// Stage 2 with a pipe for its keyboard, beside a client that does no more than it must.
#include <fcntl.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/bench/command.hpp"
#include "tests/bench/load.hpp"
#include "tests/bench/round_robin.hpp"
#include "tests/bench/servers.hpp"
#include "tests/bench/statistics.hpp"
#include "tests/bench/topics.hpp"

static constexpr int kCommands = 100000;

static double time_client(const std::string& client, std::uint16_t port, const std::string& file) {
    const Fd input{check(::open(file.c_str(), O_RDONLY | O_CLOEXEC), "open", file)};
    const double start = now_ms();
    Child child = start_program({client, "--port", std::to_string(port)}, input.get());
    if (const int exit_code = child.wait(); exit_code != 0) {
        throw Failure{"stage 2 ended with exit code " + std::to_string(exit_code)};
    }
    return now_ms() - start;
}

void measure_pipe(const Settings& settings, Report& report) {
    const int count = settings.size(kCommands);
    report.heading("Stage 2: " + std::to_string(count) + " times `list` from a pipe");
    const std::string manager_program = settings.build + "/stage1-tcp-manager";
    const std::string client = settings.build + "/stage2-cli-client";
    for (const std::string& program : {manager_program, client}) {
        if (::access(program.c_str(), X_OK) != 0) return report.paragraph("not built: " + program);
    }
    const OneProcessor pinned;
    const ManagerServer manager{manager_program};
    const ScratchDirectory scratch;
    const std::string file = scratch.path() + "/commands";
    std::string lines;
    for (int i = 0; i < count; ++i) lines += "list\n";
    write_file(file, lines);
    const std::vector<std::string> requests(static_cast<std::size_t>(count), "list\n");
    LoadClient bare{manager.port(), 1};
    const auto all =
        round_robin({{"bare client, all at once", [&] { return bare.pour(lines); }},
                     {"bare client, one at a time", [&] { return bare.ask_all(requests); }},
                     {"stage 2", [&] { return time_client(client, manager.port(), file); }}},
                    {settings.rounds_or(5, 2), 0, std::chrono::milliseconds{0}});
    std::vector<std::vector<std::string>> rows{
        {"", "s", "microseconds a command", "x all at once"}};
    for (const Series& series : all) {
        const double ms = median(series.values);
        rows.push_back({series.name, number_text(ms / 1000), number_text(ms * 1000 / count),
                        number_text(median_ratio(series.values, all[0].values))});
        if (!series.fault.empty()) report.paragraph(series.name + ": " + series.fault);
    }
    report.table(rows);
}
