#include "stage6-daemon-shim/core/shim/exec_processes.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "stage6-daemon-shim/core/runtime/join.hpp"
#include "stage6-daemon-shim/core/shim/container_spec.hpp"
#include "stage6-daemon-shim/core/shim/start_container.hpp"

static constexpr int kKilledCode = 128 + SIGKILL;

// The next thing that tells of it: its number, its report, or that the daemon has gone.
int ExecProcesses::Exec::awaited() const {
    if (pid_pipe) return pid_pipe.get();
    return report ? report->outcome() : connection.get();
}

static Streams streams_of(std::span<const Fd> streams) {
    if (streams.size() == 1) return {.console = streams[0].get()};
    if (streams.size() == 3) return {streams[0].get(), streams[1].get(), streams[2].get()};
    throw Failure{"exec: three streams are needed, or one console"};
}

void ExecProcesses::begin(int connection, std::string_view request, std::span<const Fd> streams,
                          RunningContainer& container) {
    const Spec spec = spec_of_exec(read_spec(directory_), request, container.withheld_capabilities);
    if (spec.process.terminal != (streams.size() == 1)) {
        throw Failure{"exec: a terminal and its socket come together"};
    }
    // Not reaped: the number is surely its own.
    const Fd first{check(static_cast<int>(::syscall(SYS_pidfd_open, container.process.pid(), 0)),
                         "pidfd_open", std::to_string(container.process.pid()))};
    fail_point<"fork an exec">();
    Exec exec;
    exec.report = std::make_unique<ChildReport>();
    exec.pid_pipe =
        join({spec, container.cgroup.get(), first.get(), streams_of(streams), feature_steps_},
             *exec.report);
    exec.connection = Fd{check(::fcntl(connection, F_DUPFD_CLOEXEC, 0), "fcntl F_DUPFD_CLOEXEC")};
    execs_.push_back(std::move(exec));
}

void ExecProcesses::add_to(std::vector<pollfd>& ready) const {
    for (const Exec& exec : execs_) ready.push_back({exec.awaited(), POLLIN, 0});
}

void ExecProcesses::serve(std::span<const pollfd> ready) {
    const auto before = execs_.size();
    std::erase_if(execs_, [&](Exec& exec) {
        const auto polled = std::ranges::find(ready, exec.awaited(), &pollfd::fd);
        return polled != ready.end() && polled->revents != 0 && !proceed(exec);
    });
    if (execs_.size() < before) ::malloc_trim(0);
}

// A connection that is gone, or whose reader is stopped, changes nothing for the container.
static void tell(const Fd& connection, const std::string& text) {
    try {
        send_message(connection.get(), text);
    } catch (const std::exception&) {
    }
}

static void tell_exit(const Fd& connection, int code) {
    kill_point<"tell the end of an exec">();
    tell(connection, std::string{kExecExited} + std::to_string(code));
}

// False when this exec is over.
bool ExecProcesses::proceed(Exec& exec) {
    if (exec.pid_pipe) return take_pid(exec);
    if (exec.report) return take_report(exec);
    // The daemon says nothing on this connection: it has gone, and takes its execs along.
    ::killpg(exec.pid, SIGKILL);
    ::kill(exec.pid, SIGKILL);
    return false;
}

bool ExecProcesses::take_pid(Exec& exec) {
    const auto count =
        retry([&] { return ::read(exec.pid_pipe.get(), &exec.pid, sizeof exec.pid); });
    exec.pid_pipe.close();
    exec.report->open_gate();
    if (count != sizeof exec.pid) exec.pid = 0;  // the report says why
    siginfo_t info{};
    // Killed, and reaped before we knew it: its number may be somebody else's by now.
    if (exec.pid != 0 &&
        ::waitid(P_PID, static_cast<id_t>(exec.pid), &info, WEXITED | WNOHANG | WNOWAIT) == -1) {
        exec.exit_code = kKilledCode;
    }
    return true;
}

bool ExecProcesses::take_report(Exec& exec) {
    try {
        exec.report->expect_success();
        if (exec.pid == 0) throw Failure{"exec: it was killed on the way inside"};
        exec.report.reset();
        tell(exec.connection, outcome_text({exec.pid, StartFailure::none, {}}));
        if (!exec.exit_code) return true;
        tell_exit(exec.connection, *exec.exit_code);
    } catch (const std::exception& error) {
        tell(exec.connection, outcome_text({0, failure_kind_of(error), error.what()}));
    }
    return false;
}

bool ExecProcesses::take_end(const siginfo_t& info) {
    const auto exec = std::ranges::find(execs_, info.si_pid, &Exec::pid);
    if (exec == execs_.end()) return false;
    const bool was_killed = info.si_code != CLD_EXITED;
    exec->exit_code = was_killed ? 128 + info.si_status : info.si_status;
    if (exec->report) return true;  // what became of it is still to be read
    tell_exit(exec->connection, *exec->exit_code);
    execs_.erase(exec);
    ::malloc_trim(0);
    return true;
}

void ExecProcesses::end_all() {
    for (const Exec& exec : execs_) {
        if (!exec.report) tell_exit(exec.connection, kKilledCode);
    }
    execs_.clear();
}
