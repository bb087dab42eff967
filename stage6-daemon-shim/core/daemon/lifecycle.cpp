#include "stage6-daemon-shim/core/daemon/lifecycle.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <cctype>
#include <cstring>
#include <optional>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/shim_lock.hpp"
#include "stage6-daemon-shim/core/contract/start_shim.hpp"
#include "stage6-daemon-shim/core/daemon/dead_shim.hpp"
#include "stage6-daemon-shim/core/daemon/shim_client.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

Lifecycle::Lifecycle(EventLoop& loop, ContainerTable& table, const Announcements& announcements,
                     std::span<const DaemonFeature> features, std::string shim_program)
    : loop_{loop},
      table_{table},
      announcements_{announcements},
      features_{features},
      shim_program_{shim_program},
      shim_name_{std::move(shim_program)} {}

// Two clients at once: the second sees what became of the first's verb.
Task<void> Lifecycle::others_are_done(ContainerPointer container) {
    while (container->starting || container->freezing) co_await container->changed.wait();
}

// What a user's start begins anew.
void Lifecycle::forget_the_last_run(Container& container) {
    container.restart_delay = {};
    if (!container.wants_stopped && !container.is_marked_paused && container.restart_count == 0) {
        return;  // as it is written down already
    }
    container.wants_stopped = container.is_marked_paused = false;
    container.restart_count = 0;
    table_.save_state(container);
}

Task<bool> Lifecycle::start(ContainerPointer container, std::string as_given) {
    co_await others_are_done(container);
    if (!must_act(*container, Verb::start, as_given)) co_return false;
    forget_the_last_run(*container);
    co_await start_marked(container);
    co_return true;
}

Task<void> Lifecycle::start_marked(ContainerPointer container) {
    container->starting = true;
    try {
        co_await start_once(container);
    } catch (...) {
        container->starting = false;
        container->changed.notify_all();
        throw;
    }
    container->starting = false;
    container->changed.notify_all();
}

// Docker's status for an error of the asker's: the client makes its exit code from the text.
static int status_of(StartFailure failure) {
    return failure == StartFailure::engine ? 500 : 400;
}

// Where somebody is asked before each step of a start, it takes as long as they think.
static Deadline deadline_for_start(const Container& container) {
    const JsonReader annotations =
        JsonReader{container.config}.get_object("spec").get_object("annotations");
    const bool has_steps = annotations.get_string("slipway.explain").starts_with("steps");
    return has_steps ? kNever : Clock::now() + kLaunchDeadline;
}

// A shim that was killed amid a start may live on, for the lock, in a child that has not come to
// its exec. It dies with the shim, but not in the same moment.
static constexpr auto kLockPatience = std::chrono::seconds{10};
static constexpr auto kLookAgain = std::chrono::milliseconds{10};

static Task<void> until_last_shim_is_gone(EventLoop& loop, ContainerPointer container) {
    const Deadline deadline = Clock::now() + kLockPatience;
    while (Clock::now() < deadline && shim_is_alive(ContainerDir::open(container->directory))) {
        co_await loop.sleep_for(kLookAgain);
    }
}

Task<void> Lifecycle::start_once(ContainerPointer container) {
    co_await until_last_shim_is_gone(loop_, container);
    const ContainerDir directory = ContainerDir::open(container->directory);
    const unsigned number = container->starts + 1;
    StartingShim shim;
    std::string problem;
    try {
        fail_point<"start a shim">();
        shim = start_shim({shim_program_.path(), shim_name_, container->id, number}, directory,
                          lock_shim(directory));
    } catch (const SystemError& error) {
        problem = "cannot start shim: " + error_text(error.error());
    }
    if (!problem.empty()) {
        co_await undo_start(container, number);  // it may have run for a moment
        co_await fail_start(container, exit_code_of(StartFailure::engine), problem);
        throw HttpError{500, problem};
    }
    ShimOutcome outcome;
    std::optional<StartedRecord> started;
    try {
        fail_point<"wait for the outcome of a start">();
        const Deadline deadline = deadline_for_start(*container);
        outcome = co_await read_outcome(loop_, shim.outcome.get(), deadline);
        if (outcome.failure == StartFailure::none) started = read_started(directory, number);
    } catch (const std::exception& error) {
        outcome = {0, StartFailure::engine, error.what()};
    }
    if (outcome.failure != StartFailure::none) {
        ::kill(shim.pid, SIGKILL);  // it is our child and not reaped: the number is its own
        co_await until_readable(loop_, shim.process.get());
        ::waitpid(shim.pid, nullptr, 0);
        co_await undo_start(container, number);
        co_await fail_start(container, exit_code_of(outcome.failure), outcome.error);
        throw HttpError{status_of(outcome.failure), outcome.error};
    }
    container->starts = number;
    container->pid = outcome.pid;
    container->started_at = started ? parse_time(started->time) : wall_time_now();
    container->up_since = Clock::now();
    container->state = State::running;
    container->restart_is_given_up = false;
    container->exit_code = 0;
    container->out_of_memory = false;
    container->error.clear();
    announcements_.of_container(*container, "start");
    watch(container, std::move(shim.process), shim.pid);
}

// What there may be of a start that has failed, and whose shim has ended: perhaps all of it, when
// we could not hear that it had succeeded.
Task<void> Lifecycle::undo_start(ContainerPointer container, unsigned number) {
    kill_what_is_left(*container, number);
    remove_records(ContainerDir::open(container->directory), number);
    co_await remove_left_cgroups(container);
}

Task<void> Lifecycle::fail_start(ContainerPointer container, int exit_code, std::string error) {
    container->exit_code = exit_code;
    container->error = std::move(error);
    if (!container->auto_remove()) co_return;
    container->removing = true;
    co_await remove_after_end(container);
}

// Before the signal: a daemon that is killed now knows afterwards what was wanted.
void Lifecycle::want_stopped(Container& container) {
    if (container.wants_stopped) return;
    container.wants_stopped = true;
    table_.save_state(container);
}

Task<bool> Lifecycle::stop(ContainerPointer container, std::string as_given, StopRequest request) {
    co_await others_are_done(container);
    if (!must_act(*container, Verb::stop, as_given)) co_return false;
    want_stopped(*container);
    co_await end(container, as_given, request);
    announcements_.of_container(*container, "stop");
    co_return true;
}

Task<void> Lifecycle::restart(ContainerPointer container, std::string as_given,
                              StopRequest request) {
    co_await others_are_done(container);
    must_act(*container, Verb::restart, as_given);
    if (counts_as_running(container->state)) {
        container->restarted_by_hand = true;
        try {
            co_await end(container, as_given, request);
        } catch (...) {
            container->restarted_by_hand = false;
            throw;
        }
        container->restarted_by_hand = false;
        announcements_.of_container(*container, "stop");
    }
    try {
        co_await start(container, as_given);
    } catch (const HttpError& error) {
        throw HttpError{error.status(),
                        "Cannot restart container " + as_given + ": " + error.what()};
    }
    announcements_.of_container(*container, "restart");
}

// Whether this signal is how the container is told to end: then it also goes on, if it is paused,
// and its policy does not start it again. Docker's rule: where a signal to stop was chosen, only
// that one, and SIGKILL.
static bool is_meant_to_end(const Container& container, int signal) {
    const std::string chosen =
        JsonReader{container.config}.get_object("Config").get_string("StopSignal");
    return signal == SIGKILL || chosen.empty() || parse_signal(chosen) == signal;
}

Task<void> Lifecycle::kill(ContainerPointer container, std::string as_given, int number) {
    co_await others_are_done(container);
    must_act(*container, Verb::kill, as_given);
    want_stopped(*container);
    const bool ends = is_meant_to_end(*container, number);
    if (container->state == State::restarting) {
        if (ends) give_up_restart(*container);
        co_return;
    }
    if (ends) container->restart_is_given_up = true;
    if (number == SIGKILL) {
        co_await kill_and_wait(container, as_given);
    } else {
        co_await signal(container, number);
        if (ends) co_await let_go(container);
    }
}

Task<void> Lifecycle::remove(ContainerPointer container, std::string as_given, bool force) {
    co_await others_are_done(container);
    if (container->removing) {
        throw HttpError{409, judge(State::removing, Verb::remove, container->id, as_given).message};
    }
    must_act(*container, force ? Verb::force_remove : Verb::remove, as_given);
    container->removing = true;
    try {
        if (container->state == State::restarting) give_up_restart(*container);
        if (is_alive(container->state)) co_await kill_and_wait(container, as_given);
        co_await remove_now(container);
    } catch (...) {
        container->removing = false;
        container->changed.notify_all();
        throw;
    }
}

int parse_signal(const std::string& text) {
    std::string name = text;
    for (char& letter : name) letter = static_cast<char>(::toupper(letter));
    if (name.starts_with("SIG")) name.erase(0, 3);
    for (int signal = 1; signal < NSIG; ++signal) {
        const char* abbreviation = ::sigabbrev_np(signal);
        if (abbreviation != nullptr && name == abbreviation) return signal;
        if (name == std::to_string(signal)) return signal;
    }
    throw HttpError{400, "invalid signal: " + text};
}
