#include "stage6-daemon-shim/features/policies/health_monitor.hpp"

#include "common/error.hpp"
#include "stage6-daemon-shim/features/policies/health_check.hpp"

static constexpr std::size_t kLogEntriesMax = 5;

// One look: what came of it.
struct HealthResult {
    WallTime start = 0, end = 0;
    int exit_code = -1;  // 0: healthy
    std::string output;
};

// Go's way to write a duration, as Docker's texts have it: 300ms, 5s, 1m30s.
static std::string duration_text(std::chrono::nanoseconds duration) {
    const auto milliseconds = duration / std::chrono::milliseconds{1};
    const auto seconds = milliseconds / 1000;
    if (milliseconds % 1000 != 0) return std::to_string(milliseconds) + "ms";
    if (seconds < 60) return std::to_string(seconds) + "s";
    return std::to_string(seconds / 60) + "m" + std::to_string(seconds % 60) + "s";
}

static Task<HealthResult> look(Daemon& daemon, ContainerPointer container, HealthCheck check) {
    HealthResult result;
    result.start = wall_time_now();
    try {
        ExecCommand command;
        command.args = check.command;
        const ExecResult told = co_await run_exec(daemon.loop, daemon.execs, container, command,
                                                  Clock::now() + check.timeout);
        result.exit_code = told.timed_out ? -1 : told.exit_code;
        if (told.timed_out) {
            result.output = "Health check exceeded timeout (" + duration_text(check.timeout) + ")";
            if (!told.output.empty()) result.output += ": ";
        }
        result.output += told.output;
    } catch (const std::exception& error) {
        result.output = error.what();
    }
    result.end = wall_time_now();
    co_return result;
}

static Json new_report() {
    return Json::object({{"Status", ""}, {"FailingStreak", 0}, {"Log", Json::array()}});
}

static void add_to_log(Json& report, const HealthResult& result) {
    const Json entry = Json::object({{"Start", time_text(result.start)},
                                     {"End", time_text(result.end)},
                                     {"ExitCode", result.exit_code},
                                     {"Output", result.output}});
    Json log = Json::array();
    const Json::Array& before = report["Log"].as_array();
    const std::size_t first = before.size() < kLogEntriesMax ? 0 : 1;
    for (std::size_t i = first; i < before.size(); ++i) log.push_back(before[i]);
    log.push_back(entry);
    report["Log"] = std::move(log);
}

// A disk that is full ends no health check: only a new daemon would miss it.
static void write_down(Daemon& daemon, const Container& container) {
    try {
        daemon.table.save_state(container);
    } catch (const std::exception& error) {
        report_failure("health of container " + container.id, error, 1);
    }
}

static void set_health(Daemon& daemon, Container& container, const std::string& health) {
    if (container.health == health) return;
    container.health = health;
    daemon.announcements.of_container(container, "health_status: " + health);
    write_down(daemon, container);
}

static bool is_in_start_period(const Container& container, const HealthCheck& check) {
    return Clock::now() - container.up_since < check.start_period;
}

static void judge_health(Daemon& daemon, Container& container, const HealthCheck& check,
                         const HealthResult& result) {
    Json& report = container.health_report;
    add_to_log(report, result);
    if (result.exit_code == 0) {
        report["FailingStreak"] = 0;
        set_health(daemon, container, "healthy");
        return;
    }
    // What fails while it is still starting up says nothing yet.
    if (container.health == "starting" && is_in_start_period(container, check)) return;
    const auto streak = report["FailingStreak"].as_integer() + 1;
    report["FailingStreak"] = streak;
    if (streak >= check.retries) set_health(daemon, container, "unhealthy");
}

static bool is_run(const Container& container, unsigned run) {
    return container.starts == run && container.exits < run && is_alive(container.state);
}

// Until it is time to look again; a container that is paused is not looked at. False when this run
// of the container is over.
static Task<bool> wait_for_next(ContainerPointer container, HealthCheck check, unsigned run) {
    while (is_run(*container, run)) {
        const bool often = container->health == "starting" && is_in_start_period(*container, check);
        const Deadline due = Clock::now() + (often ? check.start_interval : check.interval);
        while (is_run(*container, run) && container->state == State::running &&
               Clock::now() < due) {
            co_await container->changed.wait(due);
        }
        if (is_run(*container, run) && container->state == State::running) co_return true;
        while (container->state == State::paused) co_await container->changed.wait();
    }
    co_return false;
}

static Task<void> watch_health(Daemon& daemon, ContainerPointer container, HealthCheck check) {
    const unsigned run = container->starts;
    write_down(daemon, *container);
    while (true) {
        const bool goes_on = co_await wait_for_next(container, check, run);
        if (!goes_on) break;
        const HealthResult result = co_await look(daemon, container, check);
        // A look that its container's end or pause has cut short tells nothing.
        if (is_run(*container, run) && container->state == State::running) {
            judge_health(daemon, *container, check, result);
        }
    }
    // As Docker has it of one at which nobody looks any more.
    if (container->starts == run) container->health = "unhealthy";
}

// It was checked when the container was created; whoever damaged it since has no health check.
static std::optional<HealthCheck> check_of(const Container& container) {
    try {
        return parse_health_check(JsonReader{container.config}.get_object("Config"));
    } catch (const std::exception&) {
        return {};
    }
}

static void begin_to_watch(Daemon& daemon, ContainerPointer container) {
    const auto check = check_of(*container);
    if (!check) return;
    if (container->health.empty()) container->health = "starting";
    container->health_report = new_report();
    daemon.loop.spawn(watch_health(daemon, std::move(container), *check));
}

// Those that an earlier daemon started; it wrote down how they were.
static Task<void> watch_those_that_run(Daemon& daemon) {
    for (const ContainerPointer& container : daemon.table.all()) {
        const bool is_watched = !container->health_report.is_null();
        if (is_alive(container->state) && !is_watched) begin_to_watch(daemon, container);
    }
    co_return;
}

void begin_health_monitor(Daemon& daemon) {
    daemon.announcements.listen([&daemon](const Announcement& told) {
        if (told.type != "container" || told.action != "start") return;
        const ContainerPointer container = daemon.table.find(told.id);
        container->health.clear();
        begin_to_watch(daemon, container);
    });
    // It begins with the loop, when the containers have been found.
    daemon.loop.spawn(watch_those_that_run(daemon));
}

void show_health(const Container& container, Json& answer) {
    if (container.health_report.is_null()) return;
    Json health = container.health_report;
    health["Status"] = container.health;
    answer["State"]["Health"] = std::move(health);
}
