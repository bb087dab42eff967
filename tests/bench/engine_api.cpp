// The API alone: requests that only answer, and the verbs that make a container.
#include <unistd.h>

#include <limits>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/socket.hpp"
#include "tests/bench/engines.hpp"
#include "tests/bench/round_robin.hpp"
#include "tests/bench/servers.hpp"
#include "tests/bench/statistics.hpp"

static constexpr double kTurnMs = 200;
static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
static constexpr std::string_view kCanned =
    "HTTP/1.1 200 OK\r\nApi-Version: 1.44\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 2\r\n\r\nOK";

class CannedServer {
public:
    explicit CannedServer(std::string socket) : socket_{std::move(socket)} {
        const Fd listener = listen_unix(socket_);
        const pid_t pid = clone_process({});
        if (pid == 0) answer_all(listener, kCanned);
        child_ = Child{pid};
    }
    const std::string& socket() const { return socket_; }

private:
    std::string socket_;
    Child child_;
};

static Contestant load(const std::string& name, const std::string& socket,
                       const std::string& target, int count) {
    const auto connections = std::make_shared<std::vector<ApiConnection>>();
    for (int i = 0; i < count; ++i) connections->emplace_back(socket);
    return {name,
            [connections, target] { return answers_per_second(*connections, target, kTurnMs); }};
}

static double ratio(const Series& one, const Series& other) {
    const bool known = !one.values.empty() && !other.values.empty();
    return known ? median_ratio(one.values, other.values) : kNone;
}

static void measure_pings(const EnginePlace& place, Engine& ours, Engine* dockerd, Report& report) {
    const CannedServer canned{place.directory() + "/canned.sock"};
    const OneProcessor pinned;
    std::vector<std::vector<std::string>> rows{
        {"/_ping, answers per second", "canned answer", "slipwayd", "x canned", "dockerd"}};
    for (const int count : {1, 8}) {
        std::vector<Contestant> contestants{load("canned", canned.socket(), "/_ping", count),
                                            load("slipwayd", ours.socket(), "/_ping", count)};
        if (dockerd) contestants.push_back(load("dockerd", dockerd->socket(), "/_ping", count));
        const auto all = round_robin(
            contestants, {place.settings().rounds_or(15, 5), 1, std::chrono::milliseconds{0}});
        const double to_canned = ratio(all[1], all[0]);
        const std::string name =
            std::to_string(count) + (count == 1 ? " connection" : " connections");
        rows.push_back({name, number_text(median(all[0].values)),
                        number_text(median(all[1].values)), number_text(to_canned),
                        dockerd ? number_text(median(all[2].values)) : "-"});
        report.add({"/_ping / canned answer, " + name, to_canned, 0.7, false, "it failed"});
    }
    report.table(rows);
}

static void measure_lists(const EnginePlace& place, Engine& ours, Engine* dockerd, Report& report) {
    const int running = place.settings().rounds == 1 ? 2 : 20;
    for (Engine* engine : {&ours, dockerd}) {
        for (int i = 0; engine != nullptr && i < running; ++i) {
            engine->start(engine->create({"/bin/lines", "sleep"}));
        }
    }
    std::vector<std::vector<std::string>> rows{
        {"/containers/json, " + std::to_string(running) + " running, answers per second",
         "slipwayd", "dockerd"}};
    for (const int count : {1, 8}) {
        std::vector<Contestant> contestants{
            load("slipwayd", ours.socket(), "/containers/json", count)};
        if (dockerd) {
            contestants.push_back(load("dockerd", dockerd->socket(), "/containers/json", count));
        }
        const auto all = round_robin(
            contestants, {place.settings().rounds_or(10, 3), 1, std::chrono::milliseconds{0}});
        rows.push_back({std::to_string(count) + (count == 1 ? " connection" : " connections"),
                        number_text(median(all[0].values)),
                        dockerd ? number_text(median(all[1].values)) : "-"});
        if (count == 1) continue;
        report.add({"/containers/json, " + std::to_string(running) + " running, per second",
                    median(all[0].values), 15000, false, "it failed"});
    }
    report.table(rows);
    ours.remove_all();
    if (dockerd) dockerd->remove_all();
}

// The parts of one container's life, each timed, in milliseconds.
struct Life {
    std::vector<double> create, start, inspect, exec, kill, remove, whole;
};

static double timed(const std::function<void()>& what) {
    const double start = now_ms();
    what();
    return now_ms() - start;
}

// One that ends by itself, and one that is entered and killed.
static double live(Engine& engine, Life& life) {
    std::string id;
    const double whole = timed([&] {
        life.create.push_back(timed([&] { id = engine.create({"/bin/true"}); }));
        life.start.push_back(timed([&] { engine.start(id); }));
        engine.wait(id);
        life.remove.push_back(timed([&] { engine.remove(id); }));
    });
    life.whole.push_back(whole);
    id = engine.create({"/bin/lines", "sleep"});
    engine.start(id);
    life.inspect.push_back(timed([&] { engine.api().ask("GET", "/containers/" + id + "/json"); }));
    life.exec.push_back(timed([&] {
        const std::string exec =
            text_field(engine.api().ask("POST", "/containers/" + id + "/exec",
                                        R"({"Cmd":["/bin/true"],"AttachStdout":true})"),
                       "Id");
        // Its stream ends with it; a connection that became a stream is no good for another.
        ApiConnection stream{engine.socket()};
        stream.send(request_text("POST", "/exec/" + exec + "/start", R"({"Detach":false})"));
        try {
            while (true) stream.receive();
        } catch (const Failure&) {
        }
    }));
    life.kill.push_back(timed([&] {
        engine.api().ask("POST", "/containers/" + id + "/kill");
        engine.wait(id);
    }));
    engine.remove(id);
    return whole;
}

static void measure_verbs(const EnginePlace& place, Engine& ours, Engine* dockerd, Report& report) {
    Life own, other;
    std::vector<Contestant> contestants{{"slipwayd", [&] { return live(ours, own); }}};
    if (dockerd) contestants.push_back({"dockerd", [&] { return live(*dockerd, other); }});
    const auto all = round_robin(
        contestants, {place.settings().rounds_or(15, 4), 1, std::chrono::milliseconds{50}});
    for (const Series& series : all) {
        if (!series.fault.empty()) report.paragraph(series.name + ": " + series.fault);
    }
    std::vector<std::vector<std::string>> rows{{"verb, ms", "slipwayd", "dockerd", "x slipwayd"}};
    const auto row = [&](const std::string& name, std::vector<double> Life::*part) {
        const double mine = median(own.*part), theirs = median(other.*part);
        rows.push_back({name, number_text(mine), number_text(theirs), number_text(theirs / mine)});
    };
    row("create", &Life::create);
    row("start", &Life::start);
    row("remove", &Life::remove);
    row("create + start + wait + remove", &Life::whole);
    row("inspect", &Life::inspect);
    row("exec, to its end", &Life::exec);
    row("kill, to its end", &Life::kill);
    report.table(rows);
    report.add({"dockerd / slipwayd: create + start + wait + remove",
                dockerd ? ratio(all[1], all[0]) : kNone, 25, false, "no dockerd here"});
}

void measure_engine_api(const Settings& settings, Report& report) {
    report.heading("Stage 6: the API, over kept connections to a Unix socket");
    const EnginePlace place{settings};
    const auto ours = place.slipwayd();
    if (!ours) return report.paragraph("stage 6 is not built.");
    std::string why;
    const auto dockerd = place.dockerd(why);
    if (!why.empty()) report.paragraph(why);
    report.paragraph("/_ping: client and daemon on one processor; the canned answer is the floor.");
    measure_pings(place, *ours, dockerd.get(), report);
    measure_lists(place, *ours, dockerd.get(), report);
    measure_verbs(place, *ours, dockerd.get(), report);
}
