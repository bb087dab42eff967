// What stands beside each container, and how the daemon bears many of them.
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/bench/podman.hpp"
#include "tests/bench/round_robin.hpp"
#include "tests/bench/servers.hpp"
#include "tests/bench/statistics.hpp"

static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// A shim gives back what its start took half a second after the last output.
static constexpr std::chrono::milliseconds kSettling{1000};

static double pss_each(const std::vector<pid_t>& processes) {
    double sum = 0;
    for (const pid_t pid : processes) sum += pss_kib(pid);
    return processes.empty() ? kNone : sum / static_cast<double>(processes.size());
}

// Our shims, by their records.
static std::vector<pid_t> shims_of(const EnginePlace& place, const std::vector<std::string>& ids) {
    std::vector<pid_t> shims;
    for (const std::string& id : ids) {
        const std::string record = read_file(directory_of(place, id) + "/started.1.json");
        const std::string start = "\"shim\":{\"pid\":";
        shims.push_back(std::stoi(record.substr(record.find(start) + start.size())));
    }
    return shims;
}

// The keepers of somebody else's containers: those that were not there before.
class Newcomers {
public:
    explicit Newcomers(std::string name)
        : name_{std::move(name)}, before_{processes_named(name_)} {}

    std::vector<pid_t> get() const {
        auto all = processes_named(name_);
        std::erase_if(all, [&](pid_t pid) { return std::ranges::count(before_, pid) > 0; });
        return all;
    }

private:
    std::string name_;
    std::vector<pid_t> before_;
};

// Adds containers that sleep until there are so many.
static void grow(Engine& engine, std::vector<std::string>& ids, std::size_t count) {
    while (ids.size() < count) {
        ids.push_back(engine.create({"/bin/lines", "sleep"}));
        engine.start(ids.back());
    }
}

static std::vector<std::string> own_row(const EnginePlace& place, Engine& engine,
                                        const std::vector<int>& counts, Report& report) {
    std::vector<std::string> ids, row{"slipway-shim"};
    for (const int count : counts) {
        grow(engine, ids, static_cast<std::size_t>(count));
        stay_quiet(kSettling);
        const double each = pss_each(shims_of(place, ids));
        row.push_back(number_text(each));
        if (count != counts.back()) continue;
        report.add({"PSS of a shim at " + std::to_string(count) + " containers, KiB", each, 120,
                    true, "it failed"});
    }
    return row;
}

static std::vector<std::string> docker_row(Engine& engine, const std::vector<int>& counts) {
    std::vector<std::string> ids, row{"containerd-shim-runc-v2"};
    const Newcomers shims{"containerd-shim"};
    for (const int count : counts) {
        grow(engine, ids, static_cast<std::size_t>(count));
        stay_quiet(kSettling);
        row.push_back(number_text(pss_each(shims.get())));
    }
    return row;
}

static std::vector<std::string> podman_row(const Podman& podman, const std::vector<int>& counts) {
    std::vector<std::string> row{"conmon"};
    const Newcomers keepers{"conmon"};
    const Command sleeper = podman.run({"--detach"}, {"/bin/lines", "sleep"});
    int started = 0;
    for (const int count : counts) {
        for (; started < count; ++started) podman.execute(sleeper);
        stay_quiet(kSettling);
        row.push_back(number_text(pss_each(keepers.get())));
    }
    return row;
}

void measure_engine_memory(const Settings& settings, Report& report) {
    report.heading("Stage 6: memory beside each container, KiB of PSS");
    const EnginePlace place{settings};
    const auto ours = place.slipwayd();
    if (!ours) return report.paragraph("stage 6 is not built.");
    ours->restart();  // an import has passed through it
    stay_quiet(kSettling);
    const double idle = pss_kib(ours->pid());
    report.add({"PSS of slipwayd, idle, MiB", idle / 1024, 6, true, "it failed"});

    const std::vector<int> counts =
        settings.rounds == 1 ? std::vector<int>{1, 2} : std::vector<int>{1, 20, 100};
    std::vector<std::string> heading{"at so many containers"};
    for (const int count : counts) heading.push_back(std::to_string(count));
    std::vector<std::vector<std::string>> rows{heading, own_row(place, *ours, counts, report)};
    ours->remove_all();
    std::string why;
    const Newcomers containerd{"containerd"};
    const auto dockerd = settings.quick ? nullptr : place.dockerd(why);
    if (!why.empty()) report.paragraph(why);
    if (dockerd) rows.push_back(docker_row(*dockerd, counts));
    if (!settings.quick) {
        if (const auto podman = find_podman(place, why))
            rows.push_back(podman_row(*podman, counts));
        report.paragraph(why);
    }
    report.table(rows);

    std::vector<std::vector<std::string>> daemons{{"daemon, idle", "KiB"},
                                                  {"slipwayd", number_text(idle)}};
    if (dockerd) {
        dockerd->remove_all();
        daemons.push_back({"dockerd", number_text(pss_kib(dockerd->pid()))});
        for (const pid_t pid : containerd.get()) {
            daemons.push_back({"containerd", number_text(pss_kib(pid))});
        }
    }
    report.table(daemons);
}

// 1,000 containers on the disk that have run, and 100 that run.
static void fill(Engine& engine, int exited, int running, std::vector<std::string>& running_ids) {
    for (int i = 0; i < exited; ++i) {
        const std::string id = engine.create({"/bin/true"});
        engine.start(id);
        engine.wait(id);
    }
    grow(engine, running_ids, static_cast<std::size_t>(running));
}

static double follow(Engine& engine, int followers, Report& report) {
    const std::string id = engine.create({"/bin/lines", "stamps", "1000000", "20"});
    engine.start(id);
    stay_quiet(kSettling);
    const double before = pss_kib(engine.pid());
    std::vector<ApiConnection> connections;
    for (int i = 0; i < followers; ++i) {
        connections.emplace_back(engine.socket());
        connections.back().begin("/containers/" + id + "/logs?follow=1&stdout=1");
    }
    stay_quiet(kSettling);
    const double each = (pss_kib(engine.pid()) - before) / followers;
    report.paragraph(std::to_string(followers) + " followers of one log: " + number_text(each) +
                     " KiB of the daemon's PSS each, while a line comes every 20 ms");
    connections.clear();
    engine.remove(id);
    return each;
}

// The median of what one thing takes, in milliseconds.
static double median_ms(const std::function<void()>& what, int rounds) {
    const Contestant contestant{"", [&] {
                                    const double start = now_ms();
                                    what();
                                    return now_ms() - start;
                                }};
    const auto all = round_robin({contestant}, {rounds, 1, std::chrono::milliseconds{0}});
    if (!all[0].fault.empty()) throw Failure{all[0].fault};
    return median(all[0].values);
}

static void launch_one(Engine& engine) {
    const std::string id = engine.create({"/bin/true"});
    engine.start(id);
    engine.wait(id);
    engine.remove(id);
}

// Many at once, on a machine that has memory for them: started one after the other, listed, ended.
static void measure_crowd_of_running(Engine& engine, int count, Report& report) {
    std::vector<std::string> ids;
    const double start = now_ms();
    grow(engine, ids, static_cast<std::size_t>(count));
    const double started = now_ms();
    const double list = median_ms([&] { engine.api().ask("GET", "/containers/json"); }, 10);
    const double listed = now_ms();
    for (const std::string& id : ids) engine.remove(id);
    const double each = 1.0 / count;
    report.paragraph(std::to_string(count) + " more that run at once: create and start " +
                     number_text((started - start) * each) + " ms each, list " + number_text(list) +
                     " ms, kill and remove " + number_text((now_ms() - listed) * each) +
                     " ms each");
    report.add({"/containers/json beside " + std::to_string(count) + " more that run, ms", list, 50,
                true, "it failed"});
}

void measure_engine_scale(const Settings& settings, Report& report) {
    const int exited = settings.size(1000), running = settings.size(100);
    const std::string filled =
        std::to_string(exited) + " exited, " + std::to_string(running) + " running";
    report.heading("Stage 6: a daemon with many containers: " + filled);
    raise_descriptor_limit();
    const EnginePlace place{settings};
    const auto ours = place.slipwayd();
    if (!ours) return report.paragraph("stage 6 is not built.");
    const int rounds = settings.rounds_or(30, 10);
    const double alone = median_ms([&] { launch_one(*ours); }, rounds);
    std::vector<std::string> ids;
    fill(*ours, exited, running, ids);
    const double beside = median_ms([&] { launch_one(*ours); }, rounds);
    stay_quiet(kSettling);
    const double memory = pss_kib(ours->pid()) / 1024;
    const double list =
        median_ms([&] { ours->api().ask("GET", "/containers/json?all=1"); }, rounds);
    const double restart = median_ms([&] { ours->restart(); }, settings.rounds_or(5, 2));
    report.table({{"", "measured"},
                  {"PSS of the daemon, MiB", number_text(memory)},
                  {"list of all, ms", number_text(list)},
                  {"daemon's end and start until it answers, ms", number_text(restart)},
                  {"create + start + wait + remove, alone, ms", number_text(alone)},
                  {"create + start + wait + remove, beside them, ms", number_text(beside)}});
    report.add({"PSS of slipwayd with " + filled + ", MiB", memory, 20, true, "it failed"});
    report.add({"/containers/json?all=1 with " + filled + ", ms", list, 5, true, "it failed"});
    report.add(
        {"end and start of slipwayd with " + filled + ", ms", restart, 300, true, "it failed"});
    report.add({"a launch beside them / alone", beside / alone, 1.5, true, "it failed"});
    measure_crowd_of_running(*ours, settings.size(500), report);
    const double each = follow(*ours, settings.size(1000), report);
    report.add({"memory of slipwayd for each follower of a log, KiB", each, 64, true, "it failed"});
}
