// stats: what containers use, in Docker's columns.
//
// Each second every container is asked for one measurement; what it used in between is the
// difference of two, which is made here.
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <map>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/lists.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/client/table.hpp"
#include "stage6-daemon-shim/features/observe/observe_in_client.hpp"

static constexpr int kIntervalMilliseconds = 1000;
static constexpr int kNotFound = 404;

static constexpr ListColumn kColumns[] = {{"Container", "CONTAINER"},
                                          {"ID", "CONTAINER ID"},
                                          {"Name", "NAME"},
                                          {"CPUPerc", "CPU %"},
                                          {"MemUsage", "MEM USAGE / LIMIT"},
                                          {"MemPerc", "MEM %"},
                                          {"NetIO", "NET I/O"},
                                          {"BlockIO", "BLOCK I/O"},
                                          {"PIDs", "PIDS"}};

struct StatsRequest {
    std::vector<std::string> names;  // none: all
    bool all = false;
    bool no_stream = false;
    bool no_trunc = false;
    std::string format;
};

// What one measurement says of the CPU: of the container's, and of the machine's time.
struct CpuTime {
    double used = 0, machine = 0, cpus = 0;
};

static CpuTime cpu_time(const JsonReader& stats) {
    const JsonReader cpu = stats.get_object("cpu_stats");
    return {cpu.get_object("cpu_usage").get_number("total_usage"),
            cpu.get_number("system_cpu_usage"), cpu.get_number("online_cpus")};
}

static std::string percent(double part, double whole) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f%%", whole > 0 ? part / whole * 100 : 0.0);
    return text;
}

// Docker's rule: what the kernel could take back at once is not counted.
static std::int64_t memory_used(const JsonReader& memory) {
    const JsonReader lines = memory.get_object("stats");
    const auto usage = memory.get_integer("usage");
    const auto idle = lines.get_integer("total_inactive_file", lines.get_integer("inactive_file"));
    return idle < usage ? usage - idle : usage;
}

static std::string network_text(const JsonReader& stats) {
    std::int64_t received = 0, sent = 0;
    const Json* networks = stats.find("networks");
    for (const JsonMember& network : networks == nullptr ? Json::Object{} : networks->as_object()) {
        const JsonReader counters{network.value};
        received += counters.get_integer("rx_bytes");
        sent += counters.get_integer("tx_bytes");
    }
    return size_text(received) + " / " + size_text(sent);
}

static std::string block_text(const JsonReader& stats) {
    std::int64_t read = 0, written = 0;
    for (const auto& entry :
         stats.get_object("blkio_stats").get_objects("io_service_bytes_recursive")) {
        const std::string operation = entry.get_string("op");
        if (operation.empty()) continue;
        const char first = operation[0];
        if (first == 'r' || first == 'R') read += entry.get_integer("value");
        if (first == 'w' || first == 'W') written += entry.get_integer("value");
    }
    return size_text(read) + " / " + size_text(written);
}

static Json row_of(const std::string& asked, const JsonReader& stats, const CpuTime& before,
                   bool no_trunc) {
    const CpuTime now = cpu_time(stats);
    const JsonReader memory = stats.get_object("memory_stats");
    const auto limit = memory.get_integer("limit");
    const auto used = memory_used(memory);
    std::string name = stats.get_string("name");
    if (name.starts_with('/')) name.erase(0, 1);
    const double share = (now.used - before.used) * now.cpus;
    return Json::object({
        {"BlockIO", block_text(stats)},
        {"CPUPerc", percent(now.machine == 0 ? 0 : share, now.machine - before.machine)},
        {"Container", asked},
        {"ID", id_text(stats.get_string("id"), no_trunc)},
        {"MemPerc", percent(static_cast<double>(used), static_cast<double>(limit))},
        {"MemUsage", memory_text(used) + " / " + memory_text(limit)},
        {"Name", name},
        {"NetIO", network_text(stats)},
        {"PIDs", std::to_string(stats.get_object("pids_stats").get_integer("current"))},
    });
}

class StatsBoard {
public:
    StatsBoard(const Command& command, const StatsRequest& request)
        : command_{command}, request_{request} {}

    // A measurement of each; rows only of those that have one before.
    std::vector<Json> measure() {
        std::vector<Json> rows;
        std::map<std::string, CpuTime> measured;
        for (const auto& name : names()) {
            const auto stats = ask(name);
            if (stats.is_null()) continue;
            const JsonReader reader{stats};
            const auto before = before_.find(name);
            if (before != before_.end()) {
                rows.push_back(row_of(name, reader, before->second, request_.no_trunc));
            }
            measured[name] = cpu_time(reader);
        }
        before_ = std::move(measured);
        return rows;
    }

private:
    std::vector<std::string> names() const {
        if (!request_.names.empty()) return request_.names;
        const auto target = ApiTarget{"/containers/json"}.with_flag("all", request_.all);
        const Json wrapped = Json::object({{"list", command_.api().get(target)}});
        std::vector<std::string> ids;
        for (const auto& container : JsonReader{wrapped}.get_objects("list")) {
            ids.push_back(id_text(container.get_string("Id"), false));
        }
        return ids;
    }

    // Null for one of all that has been removed meanwhile.
    Json ask(const std::string& name) const try {
        return command_.api().get(
            ApiTarget{"/containers/", name, "/stats"}.with("stream", "0").with("one-shot", "1"));
    } catch (const ApiError& error) {
        if (!request_.names.empty() || error.status() != kNotFound) throw;
        return {};
    }

    const Command& command_;
    const StatsRequest& request_;
    std::map<std::string, CpuTime> before_;
};

static StatsRequest parse_stats_request(const Command& command) {
    StatsRequest request;
    request.names =
        command
            .parse({"[OPTIONS] [CONTAINER...]",
                    "Shows once a second what the containers use; all that run if none is named.",
                    "stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}}'"},
                   {switch_option("-a --all", "those that do not run, too", request.all),
                    switch_option("--no-stream", "once", request.no_stream),
                    switch_option("--no-trunc", "whole ids", request.no_trunc),
                    format_option(request.format)})
            .operands;
    return request;
}

int run_command_stats(const Command& command) {
    const StatsRequest request = parse_stats_request(command);
    const ListFormat format{request.format,
                            "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t"
                            "{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}"};
    const bool on_screen = !request.no_stream && ::isatty(STDOUT_FILENO) == 1;
    StatsBoard board{command, request};
    board.measure();
    while (true) {
        ::poll(nullptr, 0, kIntervalMilliseconds);
        const std::string text = format.text(kColumns, board.measure(), request.no_trunc);
        // On a screen the table stays where it is: home, the rows, and what is below is erased.
        print(on_screen ? "\x1b[H\x1b[2J" + text : text);
        if (request.no_stream) return 0;
    }
}
