// How a container comes to its end, and what follows.

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/shim_lock.hpp"
#include "stage6-daemon-shim/core/daemon/dead_shim.hpp"
#include "stage6-daemon-shim/core/daemon/lifecycle.hpp"
#include "stage6-daemon-shim/core/daemon/removal.hpp"
#include "stage6-daemon-shim/core/daemon/shim_client.hpp"
#include "stage6-daemon-shim/core/daemon/worker.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr int kShimDiedCode = 255;
// After SIGKILL: what has not gone by then hangs in the kernel (state D).
static constexpr auto kKillDeadline = std::chrono::seconds{10};
static constexpr auto kLookAgain = std::chrono::milliseconds{10};

// False at the deadline.
Task<bool> Lifecycle::wait_for_end(ContainerPointer container, unsigned exits, Deadline deadline) {
    while (container->exits == exits && is_alive(container->state)) {
        // Never in a condition: g++ 12 then lays out the frame in another way than the handle says.
        const Wake wake = co_await container->changed.wait(deadline);
        if (wake == Wake::timed_out) break;
    }
    co_return container->exits != exits || !is_alive(container->state);
}

// What asking a shim fails with that has just ended: nobody is left to be signalled.
static bool means_that_it_ended(int error) {
    return error == ENOENT || error == ECONNREFUSED || error == ECONNRESET || error == EPIPE;
}

Task<void> Lifecycle::signal(ContainerPointer container, int number) {
    std::string problem;
    try {
        fail_point<"pass a signal on">();
        co_await ask_shim(loop_, container, "kill " + std::to_string(number));
    } catch (const SystemError& error) {
        if (means_that_it_ended(error.error())) co_return;
        problem = error.what();
    } catch (const std::exception& error) {
        problem = error.what();
    }
    if (!problem.empty() && number != SIGKILL) throw HttpError{500, problem};
    if (!problem.empty()) {
        // SIGKILL does not depend on a shim that is stopped, nor on memory for a message: the
        // kernel ends PID 1, and with it all.
        const auto started =
            read_started(ContainerDir::open(container->directory), container->starts);
        if (!started) co_return;
        kill_process(started->container, started->boot);
        // It has an exit record to write, so it must go on.
        const Fd shim = open_process(started->shim, started->boot);
        if (shim) ::syscall(SYS_pidfd_send_signal, shim.get(), SIGCONT, nullptr, 0);
    }
    announcements_.of_container(*container, "kill", {{"signal", std::to_string(number)}});
}

// Asks it to end, waits, and then kills it.
Task<void> Lifecycle::end(ContainerPointer container, std::string as_given, StopRequest request) {
    container->restart_is_given_up = true;
    if (container->state == State::restarting) {
        give_up_restart(*container);
        co_return;
    }
    const unsigned exits = container->exits;
    co_await signal(container, request.signal);
    co_await let_go(container);
    const Deadline grace =
        request.seconds < 0 ? kNever : Clock::now() + std::chrono::seconds{request.seconds};
    const bool in_time = co_await wait_for_end(container, exits, grace);
    if (!in_time) co_await kill_and_wait(container, as_given);
}

Task<void> Lifecycle::kill_and_wait(ContainerPointer container, std::string as_given) {
    const unsigned exits = container->exits;
    co_await signal(container, SIGKILL);
    co_await let_go(container);
    const bool in_time = co_await wait_for_end(container, exits, Clock::now() + kKillDeadline);
    if (!in_time) {
        const char state = state_of(static_cast<pid_t>(container->pid));
        throw HttpError{500, "cannot kill container: " + as_given +
                                 ": it could not be killed (state " + state + ")"};
    }
}

void Lifecycle::watch(ContainerPointer container, Fd shim, pid_t shim_pid) {
    loop_.spawn(watch_shim(std::move(container), std::move(shim), shim_pid));
}

static bool has_exit_record(const Container& container, unsigned number) {
    try {
        return ContainerDir::open(container.directory).has(exit_file(number));
    } catch (const SystemError&) {
        return false;
    }
}

// A shim removes its groups; one that was killed, before or after it wrote down the end, did not.
Task<void> Lifecycle::remove_left_cgroups(ContainerPointer container) {
    std::string groups;
    bool any = false;
    for (const auto& group : cgroups_of(*container)) {
        groups += group + "\n";
        any = any || file_exists(group);
    }
    const std::vector<std::string> job = {"remove-cgroups", groups};
    if (any) co_await run_worker(loop_, job);
}

Task<void> Lifecycle::watch_shim(ContainerPointer container, Fd shim, pid_t shim_pid) {
    const unsigned number = container->starts;
    co_await until_readable(loop_, shim.get());
    // Ours only if this daemon started it; of an earlier daemon's, init is the parent now.
    ::waitpid(shim_pid, nullptr, WNOHANG);
    try {
        fail_point<"clean up behind a shim">();
        if (!has_exit_record(*container, number)) kill_what_is_left(*container, number);
        remove_unfinished_records(ContainerDir::open(container->directory), number);
        co_await remove_left_cgroups(container);
    } catch (const std::exception& error) {
        report_failure("container " + container->id, error, 1);
    }
    finish(container, number, Learned::now);
}

void Lifecycle::announce_end(const Container& container) const {
    if (container.out_of_memory) announcements_.of_container(container, "oom");
    const auto seconds = (container.finished_at - container.started_at) / kWallSecond;
    announcements_.of_container(container, "die",
                                {{"exitCode", std::to_string(container.exit_code)},
                                 {"execDuration", std::to_string(std::max<WallTime>(0, seconds))}});
}

// Whether nobody has told the end of this start yet: a daemon that was killed could not. From here
// on it counts as told.
static bool is_news(const Container& container, unsigned number) {
    try {
        const auto directory = ContainerDir::open(container.directory);
        if (directory.is_marked(started_file(number))) return false;
        directory.mark(started_file(number));
        return true;
    } catch (const SystemError&) {
        return false;  // it never began
    }
}

void Lifecycle::finish(ContainerPointer container, unsigned number, Learned learned) {
    container->pid = 0;
    container->exits = number;
    try {
        const auto record = read_exit(ContainerDir::open(container->directory), number);
        container->exit_code = record ? record->code : kShimDiedCode;
        container->out_of_memory = record && record->oom;
        container->finished_at = record ? parse_time(record->time) : wall_time_now();
        container->error = record ? "" : "shim died";
        container->state = State::exited;
    } catch (const std::exception& error) {
        container->state = State::dead;
        container->error = error.what();
    }
    const bool news = is_news(*container, number);
    if (learned == Learned::now || news) announce_end(*container);
    const bool is_over = container->state == State::dead || !begin_restart(container, learned);
    if (is_over && container->auto_remove() && !container->restarted_by_hand) {
        begin_removal(container);
    }
    container->changed.notify_all();
}

// Whether it is started again by itself, which its policy decides.
bool Lifecycle::begin_restart(ContainerPointer container, Learned learned) {
    if (container->removing || container->restart_is_given_up) return false;
    for (const DaemonFeature& feature : features_) {
        if (feature.restart_after == nullptr) continue;
        const auto delay = feature.restart_after(*container, learned);
        if (!delay) continue;
        container->state = State::restarting;
        loop_.spawn(restart_later(container, *delay));
        return true;
    }
    return false;
}

void Lifecycle::give_up_restart(Container& container) {
    container.restart_is_given_up = true;
    container.state = State::exited;
    container.changed.notify_all();
}

Task<void> Lifecycle::restart_later(ContainerPointer container, std::chrono::milliseconds delay) {
    const Deadline due = Clock::now() + delay;
    const unsigned exits = container->exits;
    const auto still_waits = [&] {
        return container->state == State::restarting && container->exits == exits;
    };
    while (still_waits() && Clock::now() < due) co_await container->changed.wait(due);
    if (!still_waits() || container->removing) co_return;  // somebody wanted something else
    try {
        ++container->restart_count;
        container->is_marked_paused = false;
        table_.save_state(*container);
        co_await start_marked(container);
    } catch (const std::exception& error) {
        if (container->error.empty()) container->error = error.what();
        if (container->state == State::restarting) container->state = State::exited;
        container->changed.notify_all();
    }
}

void Lifecycle::begin_removal(ContainerPointer container) {
    if (container->removing) return;
    container->removing = true;
    loop_.spawn(remove_after_end(std::move(container)));
}

Task<void> Lifecycle::remove_after_end(ContainerPointer container) {
    try {
        co_await remove_now(container);
    } catch (const std::exception&) {
        container->removing = false;  // it stands in the list as dead, with the reason
        container->changed.notify_all();
    }
}

// Of a container that could not be read when we began nobody has watched the shim.
Task<void> Lifecycle::end_unwatched_shim(ContainerPointer container) {
    if (!file_exists(container->directory)) co_return;
    const ContainerDir directory = ContainerDir::open(container->directory);
    if (!shim_is_alive(directory)) co_return;
    container->starts = directory.last_start();
    co_await signal(container, SIGKILL);
    const Deadline deadline = Clock::now() + kKillDeadline;
    while (shim_is_alive(directory)) {
        if (Clock::now() >= deadline) throw Failure{"its shim cannot be ended"};
        co_await loop_.sleep_for(kLookAgain);
    }
}

// The caller has said that it is being removed. Who waits for the removal is told when nothing is
// left of it; what could not be removed stays in the list as dead, and can be tried again.
Task<void> Lifecycle::remove_now(ContainerPointer container) {
    container->changed.notify_all();
    try {
        if (container->state == State::dead) co_await end_unwatched_shim(container);
        table_.bury(*container);
        co_await remove_directory(loop_, container->directory);
    } catch (const std::exception& error) {
        container->state = State::dead;
        container->error = error.what();
        throw;
    }
    table_.forget(*container);
    container->removed = true;
    announcements_.of_container(*container, "destroy");
    container->changed.notify_all();
}
