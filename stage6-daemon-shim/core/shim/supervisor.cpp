#include "stage6-daemon-shim/core/shim/supervisor.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/timestamp.hpp"
#include "stage6-daemon-shim/core/shim/last_processes.hpp"

using std::chrono::steady_clock;

// How long a pipe is read that somebody outside the container holds, and how long we wait for
// processes that do not die at SIGKILL.
static constexpr std::chrono::seconds kDrainMax{2};
static constexpr std::chrono::seconds kDyingMax{5};

// Of a pipe that is as large as an ordinary user can make it (pipe(7)): 1 MiB.
static constexpr int kLastReads = 16;

// A container that has printed much and is quiet now costs no more than one that never did.
static constexpr int kQuietMilliseconds = 500;
static constexpr long kLittleOutput = 4096;

alignas(4096) static char read_buffer[64u << 10];

Supervisor::Supervisor(SignalFd& signals, LogWriter& log, RequestServer& requests,
                       ExecProcesses& execs)
    : signals_{signals}, log_{log}, requests_{requests}, execs_{execs} {}

void Supervisor::keep(RunningContainer& container, ReservedExitRecord& record) {
    container_ = &container;
    Exit exit;
    while (!has_ended(exit)) wait_for_events(buffers_are_used_ ? kQuietMilliseconds : -1);
    kill_the_rest();
    container.process.wait();
    settle();
    execs_.end_all();
    log_.note_loss();
    record.write({exit.code, exit.signal, container.cgroup.was_out_of_memory(), exit.time});
}

// Reaps those that the container left to us. The container itself stays a zombie for now: until
// it is reaped its number, and that of its process group, cannot be given to anybody else.
bool Supervisor::has_ended(Exit& exit) {
    while (true) {
        siginfo_t info{};
        const int result = ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
        if (result == -1 && errno == EINTR) continue;
        check(result, "waitid");
        if (info.si_pid == 0) return false;
        if (info.si_pid == container_->process.pid()) {
            exit.signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
            exit.code = exit.signal == 0 ? info.si_status : 128 + exit.signal;
            exit.time = timestamp(wall_clock());
            return true;
        }
        execs_.take_end(info);
        ::waitpid(info.si_pid, nullptr, WNOHANG);
    }
}

// One turn of the loop: whatever is ready. Returns at once after that, or when the time is over.
void Supervisor::wait_for_events(int milliseconds) {
    ready_.clear();
    ready_.push_back({signals_.get(), POLLIN, 0});
    ready_.push_back({container_->output.get(), POLLIN, 0});  // a closed one is -1: poll skips it
    ready_.push_back({container_->error.get(), POLLIN, 0});
    execs_.add_to(ready_);
    const std::size_t requests = ready_.size();
    requests_.add_to(ready_);
    const int result = ::poll(ready_.data(), ready_.size(), milliseconds);
    if (result == -1 && errno == EINTR) return;
    if (check(result, "poll") == 0) return give_memory_back();
    const std::span<const pollfd> ready{ready_};
    if (ready[1].revents != 0) move_output(container_->output, LogStream::standard_output);
    if (ready[2].revents != 0) move_output(container_->error, LogStream::standard_error);
    if (ready[0].revents != 0) take_signal();
    execs_.serve(ready.subspan(3, requests - 3));
    requests_.serve(ready.subspan(requests), *container_);
}

void Supervisor::give_memory_back() {
    ::madvise(read_buffer, sizeof read_buffer, MADV_DONTNEED);
    LogWriter::rest();
    buffers_are_used_ = false;
}

void Supervisor::move_output(Fd& pipe, LogStream stream) {
    const auto count = retry([&] { return ::read(pipe.get(), read_buffer, sizeof read_buffer); });
    if (count == -1 && errno == EAGAIN) return;
    // The container closed it, or all who held it are gone: of a terminal that is EIO.
    if (count <= 0) return pipe.close();
    buffers_are_used_ = buffers_are_used_ || count > kLittleOutput;
    log_.write(stream, {read_buffer, static_cast<std::size_t>(count)});
}

void Supervisor::take_signal() {
    const int signal = static_cast<int>(signals_.next().ssi_signo);
    // Who asks the shim to end means the container; without it the shim has nothing to do.
    if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT || signal == SIGHUP) {
        signal_container(*container_, signal);
    }
}

// What did not end with the first process: all of it, with a process namespace, did.
void Supervisor::kill_the_rest() {
    kill_point<"kill the rest">();
    if (!container_->isolated) ::killpg(container_->process.pid(), SIGKILL);
    try {
        fail_point<"kill the control group">();
        container_->cgroup.kill_all();
    } catch (const std::exception&) {
        // Who is left is killed one by one in settle(). The exit code must not be lost for that.
    }
}

// Until nobody is left and the pipes are read to their end; but no longer than the limits above: a
// stranger who holds a pipe must not hold up the exit record.
void Supervisor::settle() {
    const auto start = steady_clock::now();
    auto empty_since = steady_clock::time_point::max();
    while (true) {
        const auto now = steady_clock::now();
        const bool children_left = reap_and_kill_children();
        if (!children_left) empty_since = std::min(empty_since, now);
        const bool pipes_left = container_->output || container_->error;
        if (!children_left && !pipes_left) return;
        const auto end = children_left ? start + kDyingMax : empty_since + kDrainMax;
        if (now >= end) break;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now).count();
        wait_for_events(static_cast<int>(children_left ? std::min<long>(left, 10) : left));
    }
    // What the pipes hold by now was printed in time, however late we have come to read it.
    for (int read = 0; read < kLastReads; ++read) wait_for_events(0);
}
