// `run --rm` of the shortest program through a whole engine: what a person waits for.
#include <unistd.h>

#include <limits>

#include "common/error.hpp"
#include "tests/bench/contestants.hpp"
#include "tests/bench/podman.hpp"
#include "tests/bench/statistics.hpp"

static constexpr std::chrono::milliseconds kQuietGap{100};
static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
static constexpr auto kSlipway = "slipway run";
static constexpr auto kDocker = "docker run (dockerd)";
static constexpr auto kPodman = "podman run";
static constexpr int kWorkers = 4;

class EngineField {
public:
    explicit EngineField(const Settings& settings);

    std::vector<Contestant> contestants(bool quick) const;
    const Command* slipway() const;
    const std::vector<std::string>& remarks() const { return remarks_; }
    const PrivateView& view() const { return launches_.view(); }

private:
    void add_ours(const std::string& docker);
    void add_dockerd(const std::string& docker);
    void add_podman();

    EnginePlace place_;
    LaunchField launches_;
    std::unique_ptr<Engine> slipwayd_, orchestratord_, dockerd_;
    std::unique_ptr<Podman> podman_;
    std::vector<LaunchCommand> commands_;
    std::vector<std::string> remarks_;
};

EngineField::EngineField(const Settings& settings) : place_{settings}, launches_{settings} {
    for (const LaunchCommand& one : launches_.commands()) {
        if (one.name.starts_with(kFullFloor) && one.has_target) commands_.push_back(one);
        if (one.name == kStage5) commands_.push_back({one.name, one.command});
        if (one.name == "crun" || one.name == "runc") commands_.push_back({one.name, one.command});
    }
    const std::string docker = find_program("docker");
    if (docker.empty()) remarks_.push_back("docker (the client) is not installed.");
    add_ours(docker);
    add_dockerd(docker);
    add_podman();
}

void EngineField::add_ours(const std::string& docker) {
    const std::string& build = place_.settings().build;
    slipwayd_ = place_.slipwayd();
    orchestratord_ = place_.orchestratord();
    if (!slipwayd_ || !orchestratord_) {
        remarks_.push_back("stage 6 is not built.");
        return;
    }
    const Words run{"run", "--rm", "--network", "none", kBenchImage, "/bin/true"};
    commands_.push_back(
        {kSlipway, {with({build + "/slipway", "--host", slipwayd_->host()}, run)}, true});
    commands_.push_back({"orchestrate run (only to its start)",
                         {{build + "/orchestrate", "--socket", orchestratord_->socket(), "run",
                           "--", build + "/tests/bench-true"}}});
    if (docker.empty()) return;
    commands_.push_back({"docker run (slipwayd)", {with({docker, "-H", slipwayd_->host()}, run)}});
}

void EngineField::add_dockerd(const std::string& docker) {
    std::string why;
    dockerd_ = place_.dockerd(why);
    if (!why.empty()) remarks_.push_back(why);
    if (!dockerd_ || docker.empty()) return;
    remarks_.push_back("dockerd: " + version_of(find_program("dockerd")) +
                       "; client: " + version_of(docker));
    commands_.push_back({kDocker,
                         {{docker, "-H", dockerd_->host(), "run", "--rm", "--network", "none",
                           kBenchImage, "/bin/true"}},
                         true});
}

void EngineField::add_podman() {
    std::string why;
    podman_ = find_podman(place_, why);
    remarks_.push_back(why);
    if (podman_) commands_.push_back({kPodman, podman_->run({"--rm"}, {"/bin/true"}), true});
}

std::vector<Contestant> EngineField::contestants(bool quick) const {
    std::vector<Contestant> all;
    for (const LaunchCommand& one : commands_) {
        if (quick && !one.has_target) continue;
        all.push_back({one.name, [this, &one] { return time_command(one.command, view()); }});
    }
    return all;
}

const Command* EngineField::slipway() const {
    for (const LaunchCommand& one : commands_) {
        if (one.name == kSlipway) return &one.command;
    }
    return nullptr;
}

static double ratio(const std::vector<Series>& all, const char* slower, const char* faster) {
    const Series* one = find_series(all, slower);
    const Series* other = find_series(all, faster);
    return one == nullptr || other == nullptr ? kNone : median_ratio(one->values, other->values);
}

static std::string cell(const Series& series) {
    return number_text(median(series.values));
}

static void write_runs(const std::vector<Series>& cold, const std::vector<Series>& hot,
                       Report& report) {
    std::vector<std::vector<std::string>> rows{{"launch to exit", "after 100 ms of quiet, ms",
                                                "x slipway run", "hot, ms", "x slipway run"}};
    for (std::size_t i = 0; i < cold.size(); ++i) {
        std::vector<std::string> row{cold[i].name};
        for (const auto* all : {&cold, &hot}) {
            const bool known = i < all->size();
            row.push_back(known ? cell((*all)[i]) : "-");
            row.push_back(known ? number_text(ratio(*all, cold[i].name.c_str(), kSlipway)) : "-");
        }
        rows.push_back(std::move(row));
        if (!cold[i].fault.empty()) report.paragraph(cold[i].name + ": " + cold[i].fault);
    }
    report.table(rows);
}

// Each worker launches one container after the other.
static double launches_per_second(const Command& command, const PrivateView& view, int count) {
    const double start = now_ms();
    std::vector<Child> workers;
    for (int i = 0; i < kWorkers; ++i) {
        const pid_t pid = clone_process({});
        if (pid == 0) {
            try {
                for (int launch = 0; launch < count; ++launch) time_command(command, view);
                ::_exit(0);
            } catch (const std::exception&) {
                ::_exit(1);
            }
        }
        workers.emplace_back(pid);
    }
    bool failed = false;
    for (Child& worker : workers) failed = worker.wait() != 0 || failed;
    return failed ? kNone : kWorkers * count * 1000 / (now_ms() - start);
}

void measure_engine_run(const Settings& settings, Report& report) {
    report.heading("Stage 6: `run --rm` of a static program that does nothing, through the engine");
    const EngineField field{settings};
    for (const auto& line : field.remarks()) report.paragraph(line);
    const auto contestants = field.contestants(settings.quick);
    const auto cold = round_robin(contestants, {settings.rounds_or(30, 8), 1, kQuietGap});
    const auto hot = settings.quick ? std::vector<Series>{}
                                    : round_robin(contestants, {settings.rounds_or(30, 1), 1,
                                                                std::chrono::milliseconds{0}});
    write_runs(cold, hot, report);
    const Series* slipway = find_series(cold, kSlipway);
    report.add({"slipway run, after 100 ms of quiet, ms",
                slipway == nullptr ? kNone : median(slipway->values), 15, true,
                "stage 6 is not built"});
    report.add({"podman run / slipway run, after 100 ms of quiet", ratio(cold, kPodman, kSlipway),
                10, false, "no podman here"});
    report.add({"docker run with dockerd / slipway run, after 100 ms of quiet",
                ratio(cold, kDocker, kSlipway), 15, false, "no dockerd here"});
    const double per_second =
        field.slipway() == nullptr
            ? kNone
            : launches_per_second(*field.slipway(), field.view(), settings.rounds_or(20, 10));
    report.paragraph("slipway run, four workers: " + number_text(per_second) +
                     " containers per second");
    report.add({"slipway run, containers per second, four workers", per_second, 150, false,
                "stage 6 is not built"});
}
