#include "stage6-daemon-shim/core/daemon/lifecycle.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cstring>

#include "common/error.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "stage6-daemon-shim/core/contract/shim_lock.hpp"
#include "stage6-daemon-shim/core/contract/start_shim.hpp"
#include "stage6-daemon-shim/core/daemon/shim_client.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr int kShimDiedCode = 255;
// After SIGKILL: what has not gone by then hangs in the kernel (state D).
static constexpr auto kKillDeadline = std::chrono::seconds{10};

Lifecycle::Lifecycle(EventLoop& loop, ContainerTable& table, const Announcements& announcements,
                     std::string shim_program)
    : loop_{loop},
      table_{table},
      announcements_{announcements},
      shim_program_{shim_program},
      shim_name_{std::move(shim_program)} {}

// Throws the table's error; false where the state is so already.
static bool must_act(const Container& container, Verb verb, const std::string& as_given) {
    const Verdict verdict = judge(container.state, verb, container.id, as_given);
    if (verdict.status >= 400) throw HttpError{verdict.status, verdict.message};
    return verdict.status == 0;
}

Task<bool> Lifecycle::start(ContainerPointer container, std::string as_given) {
    // Two clients at once: the second sees what became of the first's start.
    while (container->starting) co_await container->changed.wait();
    if (container->removing) {
        throw HttpError{409, "container is marked for removal and cannot be started"};
    }
    if (!must_act(*container, Verb::start, as_given)) co_return false;
    container->starting = true;
    try {
        co_await start_once(container, as_given);
    } catch (...) {
        container->starting = false;
        container->changed.notify_all();
        throw;
    }
    container->starting = false;
    container->changed.notify_all();
    co_return true;
}

// Docker's status for an error of the asker's: the client makes its exit code from the text.
static int status_of(StartFailure failure) {
    return failure == StartFailure::engine ? 500 : 400;
}

Task<void> Lifecycle::start_once(ContainerPointer container, std::string) {
    table_.save_state(*container, false);
    const ContainerDir directory = ContainerDir::open(container->directory);
    const unsigned number = container->starts + 1;
    StartingShim shim = start_shim({shim_program_.path(), shim_name_, container->id, number},
                                   directory, lock_shim(directory));
    const ShimOutcome outcome = co_await read_outcome(loop_, shim.outcome.get());
    if (outcome.failure != StartFailure::none) {
        ::kill(shim.pid, SIGKILL);  // it is our child and not reaped: the number is its own
        co_await loop_.readable(shim.process.get());
        ::waitpid(shim.pid, nullptr, 0);
        fail_start(container, exit_code_of(outcome.failure), outcome.error);
        throw HttpError{status_of(outcome.failure), outcome.error};
    }
    const auto started = read_started(directory, number);
    container->starts = number;
    container->pid = outcome.pid;
    container->started_at = started ? parse_time(started->time) : wall_time_now();
    container->state = State::running;
    container->exit_code = 0;
    container->out_of_memory = false;
    container->error.clear();
    announcements_.of_container(*container, "start");
    watch(container, std::move(shim.process), shim.pid);
}

void Lifecycle::fail_start(ContainerPointer container, int exit_code, const std::string& error) {
    container->exit_code = exit_code;
    container->error = error;
    if (container->auto_remove()) remove_now(container);
}

void Lifecycle::watch(ContainerPointer container, Fd shim, pid_t shim_pid) {
    loop_.spawn(watch_shim(std::move(container), std::move(shim), shim_pid));
}

Task<void> Lifecycle::watch_shim(ContainerPointer container, Fd shim, pid_t shim_pid) {
    const unsigned number = container->starts;
    co_await loop_.readable(shim.get());
    // Ours only if this daemon started it; of an earlier daemon's, init is the parent now.
    ::waitpid(shim_pid, nullptr, WNOHANG);
    finish(container, number);
}

// What a plain process has left behind where no cgroup could be made: its group. The group keeps
// the leader's number taken, so a process of another start time under that number says that the
// group has gone.
static void kill_group(const ProcessIdentity& leader, const std::string& boot) {
    if (leader.pid <= 1 || boot != boot_id()) return;
    try {
        if (identity_of(leader.pid) != leader) return;
    } catch (const SystemError&) {
        // The leader has ended; the others may live.
    }
    ::killpg(leader.pid, SIGKILL);
}

// Belt and braces for a shim that was killed: its container's PID 1 dies with it
// (PR_SET_PDEATHSIG), unless it exec'd a set-user-ID program, which clears that.
static void clean_up_after_dead_shim(const Container& container, unsigned number) {
    const auto started = read_started(ContainerDir::open(container.directory), number);
    if (started) {
        kill_group(started->container, started->boot);
        kill_process(started->container, started->boot);
    }
    const JsonReader spec = JsonReader{container.config}.get_object("spec");
    const Json* groups = spec.get_object("annotations").find("slipway.cgroups");
    std::vector<std::string> directories;
    if (groups != nullptr && groups->is_string()) {
        directories = words_of(groups->as_string(), "\n");
    }
    remove_cgroups(directories);
}

void Lifecycle::finish(ContainerPointer container, unsigned number) {
    try {
        const auto record = read_exit(ContainerDir::open(container->directory), number);
        if (record) {
            container->exit_code = record->code;
            container->out_of_memory = record->oom;
            container->finished_at = parse_time(record->time);
            container->error.clear();
        } else {
            clean_up_after_dead_shim(*container, number);
            container->exit_code = kShimDiedCode;
            container->finished_at = wall_time_now();
            container->error = "shim died";
        }
        container->state = State::exited;
    } catch (const std::exception& error) {
        container->state = State::dead;
        container->error = error.what();
    }
    container->pid = 0;
    container->exits = number;
    if (container->auto_remove() && !container->removing) {
        try {
            remove_now(container);
        } catch (const std::exception& error) {
            container->state = State::dead;
            container->error = error.what();
        }
    }
    container->changed.notify_all();
}

// False at the deadline.
Task<bool> Lifecycle::wait_until_stopped(ContainerPointer container, Deadline deadline) {
    while (container->state == State::running) {
        // Never in a condition: g++ 12 then lays out the frame in another way than the handle says.
        const Wake wake = co_await container->changed.wait(deadline);
        if (wake == Wake::timed_out) break;
    }
    co_return container->state != State::running;
}

Task<void> Lifecycle::signal(ContainerPointer container, int number) {
    std::string problem;
    try {
        co_await ask_shim(loop_, container, "kill " + std::to_string(number));
        co_return;
    } catch (const SystemError&) {
        co_return;  // the shim has just ended: nobody is left to be signalled
    } catch (const std::exception& error) {
        problem = error.what();
    }
    if (number != SIGKILL) throw HttpError{500, problem};
    // SIGKILL does not depend on a shim that is stopped: the kernel ends PID 1, and with it all.
    const auto started = read_started(ContainerDir::open(container->directory), container->starts);
    if (!started) co_return;
    kill_process(started->container, started->boot);
    // It has an exit record to write, so it must go on.
    const Fd shim = open_process(started->shim, started->boot);
    if (shim) ::syscall(SYS_pidfd_send_signal, shim.get(), SIGCONT, nullptr, 0);
}

Task<bool> Lifecycle::stop(ContainerPointer container, std::string as_given, int number,
                           long seconds) {
    while (container->starting) co_await container->changed.wait();
    if (!must_act(*container, Verb::stop, as_given)) co_return false;
    // Before the signal: a daemon that is killed now knows afterwards what was wanted.
    table_.save_state(*container, true);
    co_await signal(container, number);
    const Deadline grace = seconds < 0 ? kNever : Clock::now() + std::chrono::seconds{seconds};
    const bool in_time = co_await wait_until_stopped(container, grace);
    if (!in_time) co_await kill_and_wait(container, as_given);
    co_return true;
}

Task<void> Lifecycle::kill_and_wait(ContainerPointer container, std::string as_given) {
    co_await signal(container, SIGKILL);
    const bool in_time = co_await wait_until_stopped(container, Clock::now() + kKillDeadline);
    if (!in_time) {
        throw HttpError{500, "cannot kill container: " + as_given + ": it could not be killed"};
    }
}

Task<void> Lifecycle::kill(ContainerPointer container, std::string as_given, int number) {
    while (container->starting) co_await container->changed.wait();
    must_act(*container, Verb::kill, as_given);
    table_.save_state(*container, true);
    if (number == SIGKILL) {
        co_await kill_and_wait(container, as_given);
    } else {
        co_await signal(container, number);
    }
}

Task<void> Lifecycle::remove(ContainerPointer container, std::string as_given, bool force) {
    while (container->starting) co_await container->changed.wait();
    if (container->removing) {
        throw HttpError{409, "removal of container " + as_given + " is already in progress"};
    }
    must_act(*container, force ? Verb::force_remove : Verb::remove, as_given);
    container->removing = true;
    try {
        if (container->state == State::running) co_await kill_and_wait(container, as_given);
        remove_now(container);
    } catch (...) {
        container->removing = false;
        throw;
    }
    container->changed.notify_all();
}

void Lifecycle::remove_now(ContainerPointer container) {
    container->removing = true;
    table_.remove(*container);
    container->removed = true;
    container->changed.notify_all();
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
