#include "stage3-namespaces/explain.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <set>
#include <string>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "stage3-namespaces/explained_calls_table.hpp"

static constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                                 PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;

static long nanoseconds_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000L + now.tv_nsec;
}

// One process that is watched, and the call that it is in.
struct Watched {
    TracedCall call;
    const ExplainedCall* explained = nullptr;  // nullptr: not worth a line
    std::string text;
    long nanoseconds = 0;  // in the call, the time in which it stood still for us left out
    long resumed = 0;
    bool is_inside = false;
    bool forks_helper = false;
};

// The watching child. Tells on stderr, asks at the terminal if it has one.
class Tracer {
public:
    Tracer(pid_t runner, Fd terminal, Fd asker);
    // Until the runner ends.
    void watch();

private:
    bool take_stop(pid_t pid, int status);
    void take_birth(pid_t parent);
    void take_call(Watched& process);
    void begin(Watched& process);
    void finish(Watched& process, long result, bool is_error);
    void resume(pid_t pid, int request = PTRACE_SYSCALL, int signal = 0);
    std::string name_of(pid_t pid) const;
    void tell_price() const;
    void let_go(pid_t pid) const;
    void ask(const Watched& process);

    pid_t runner_;
    cpu_set_t processors_{};  // on which the program may run
    Fd terminal_, asker_;
    Fd runners_end_;  // readable when the runner is dead
    SignalFd signals_{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    std::map<pid_t, Watched> watched_;
    std::set<pid_t> born_early_;     // stopped before their parent said what they are
    long shortest_ = 1'000'000'000;  // of all calls, in nanoseconds
};

// The watched program's last act.
static bool is_waiting_for_us(const TracedCall& call) {
    return call.number == SYS_wait4 && call.integer(0) == ::getpid();
}

static void tell(const std::string& line) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

Tracer::Tracer(pid_t runner, Fd terminal, Fd asker)
    : runner_{runner}, terminal_{std::move(terminal)}, asker_{std::move(asker)} {
    runners_end_ = Fd{check(static_cast<int>(::syscall(SYS_pidfd_open, runner, 0)), "pidfd_open")};
    check(::ptrace(PTRACE_SEIZE, runner, nullptr, kOptions), "ptrace");
    check(::ptrace(PTRACE_INTERRUPT, runner, nullptr, nullptr), "ptrace");
    watched_[runner].call.pid = runner;
    // All on one processor: to wake up another one at each stop takes longer than most calls.
    // Children inherit it, until they are let go.
    check(::sched_getaffinity(runner, sizeof processors_, &processors_), "sched_getaffinity");
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
    ::sched_setaffinity(0, sizeof one, &one);
    ::sched_setaffinity(runner, sizeof one, &one);
}

void Tracer::watch() {
    tell("     us  process         manual page       call\n");
    while (true) {
        int status = 0;
        const pid_t pid = retry([&] { return ::waitpid(-1, &status, __WALL); });
        if (pid == -1) return;
        const bool has_ended = !WIFSTOPPED(status);
        if (has_ended) watched_.erase(pid);
        if (pid == runner_ && has_ended) return;
        if (has_ended) continue;
        if (!watched_.contains(pid)) {
            born_early_.insert(pid);
        } else if (!take_stop(pid, status)) {
            watched_.erase(pid);
            let_go(pid);
            if (pid == runner_) return tell_price();
        }
    }
}

// What every line owes to us: no call is shorter than one that does nothing.
void Tracer::tell_price() const {
    tell("The shortest call of all took " + std::to_string(shortest_ / 1000) +
         " us: the price of being watched, and a part of each.\n");
}

// False when it needs no watching any more.
bool Tracer::take_stop(pid_t pid, int status) {
    Watched& process = watched_[pid];
    if (process.resumed != 0) process.nanoseconds += nanoseconds_now() - process.resumed;
    const int signal = WSTOPSIG(status);
    switch (status >> 16) {
        case PTRACE_EVENT_EXEC: finish(process, 0, false); return false;
        case PTRACE_EVENT_CLONE:
        case PTRACE_EVENT_FORK:
        case PTRACE_EVENT_VFORK: take_birth(pid); break;
        case PTRACE_EVENT_STOP:
            // Stopped as by Ctrl-Z it stays so until SIGCONT; a new process goes on.
            resume(pid, signal == SIGTRAP ? PTRACE_SYSCALL : PTRACE_LISTEN);
            return true;
        default:
            if (signal != (SIGTRAP | 0x80)) {  // a signal on its way to the process
                resume(pid, PTRACE_SYSCALL, signal);
                return true;
            }
            take_call(process);
            if (is_waiting_for_us(process.call)) return false;
    }
    resume(pid);
    return true;
}

void Tracer::take_birth(pid_t parent) {
    unsigned long number = 0;
    if (::ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &number) == -1) return;
    const auto child = static_cast<pid_t>(number);
    const bool is_stopped = born_early_.erase(child) == 1;
    if (!watched_[parent].forks_helper) {
        watched_[child].call.pid = child;
        watched_[child].call.mounts = watched_[parent].call.mounts;
        if (is_stopped) resume(child);
        return;
    }
    if (!is_stopped) retry([&] { return ::waitpid(child, nullptr, __WALL); });
    let_go(child);
}

void Tracer::let_go(pid_t pid) const {
    ::sched_setaffinity(pid, sizeof processors_, &processors_);
    ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
}

void Tracer::take_call(Watched& process) {
    __ptrace_syscall_info info{};
    const long size = ::ptrace(PTRACE_GET_SYSCALL_INFO, process.call.pid, sizeof info, &info);
    if (size <= 0) return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        finish(process, static_cast<long>(info.exit.rval), info.exit.is_error != 0);
    } else if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        process.call.number = static_cast<long>(info.entry.nr);
        std::ranges::copy(info.entry.args, process.call.arguments.begin());
        begin(process);
    }
}

void Tracer::begin(Watched& process) {
    // The janitor of later stages: a helper on the host, no part of the container.
    process.forks_helper = process.call.pid == runner_ && is_library_fork(process.call);
    process.explained = process.forks_helper ? nullptr : explained_call(process.call.number);
    if (process.explained != nullptr) process.text = process.explained->describe(process.call);
    if (process.text.empty()) process.explained = nullptr;
    if (process.explained != nullptr) ask(process);
    process.is_inside = true;
    process.nanoseconds = 0;
}

void Tracer::finish(Watched& process, long result, bool is_error) {
    // A process that has just been born comes out of a call into which it never went.
    const bool was_inside = std::exchange(process.is_inside, false);
    if (was_inside) shortest_ = std::min(shortest_, process.nanoseconds);
    const ExplainedCall* const explained = std::exchange(process.explained, nullptr);
    if (explained == nullptr) return;
    const auto fd = static_cast<int>(result);
    const TracedCall& call = process.call;
    if (!is_error && (call.number == SYS_fsopen || call.number == SYS_open_tree)) {
        process.call.mounts[fd] = call.text(call.number == SYS_fsopen ? 0 : 1);
    }
    if (!is_error && call.number == SYS_fsmount) process.call.mounts[fd] = call.mount(0);
    char columns[100];
    std::snprintf(columns, sizeof columns, "%7ld  %-15s %-17s ", process.nanoseconds / 1000,
                  name_of(call.pid).c_str(), explained->page);
    tell(columns + process.text + " = " +
         (is_error ? "-1 (" + error_text(-fd) + ")" : std::to_string(result)) + "\n");
}

void Tracer::resume(pid_t pid, int request, int signal) {
    watched_[pid].resumed = nanoseconds_now();
    const auto what = static_cast<__ptrace_request>(request);
    ::ptrace(what, pid, nullptr, static_cast<long>(signal));  // fails for one that was killed
}

std::string Tracer::name_of(pid_t pid) const {
    return (pid == runner_ ? "parent " : "child ") + std::to_string(pid);
}

// `look` with the process and the first text of the call in it, and the right to look.
static std::string place_to_look(const Watched& process) {
    std::string place;
    for (const char* letter = process.explained->look; *letter != '\0'; ++letter) {
        if (*letter == '%') {
            place += std::to_string(process.call.pid);
        } else if (*letter == '@') {
            const auto start = process.text.find('"') + 1;
            place += process.text.substr(start, process.text.find('"', start) - start);
        } else {
            place += *letter;
        }
    }
    if (place.empty() || ::geteuid() == 0) return place.empty() ? place : "sudo " + place;
    // Who is not root outside must first be what it is inside.
    const bool enters = place.starts_with("nsenter ");
    return enters ? place.insert(8, "--user --preserve-credentials ") : place;
}

void Tracer::ask(const Watched& process) {
    if (!terminal_) return;
    const std::string place = place_to_look(process);
    tell("\nNext: " + name_of(process.call.pid) + ": " + process.text + ", see " +
         process.explained->page + "\n" +
         (place.empty() ? "" : "Look, before and after: " + place + "\n") + "Enter goes on.\n");
    pollfd events[] = {{terminal_.get(), POLLIN, 0},
                       {signals_.get(), POLLIN, 0},
                       {runners_end_.get(), POLLIN, 0},
                       {asker_.get(), POLLIN, 0}};  // poll(2) passes over -1
    ::poll(events, std::size(events), -1);
    char line[256];
    const bool is_asked_to_go_on =
        events[1].revents == 0 && events[2].revents == 0 && events[3].revents == 0 &&
        retry([&] { return ::read(terminal_.get(), line, sizeof line); }) > 0;
    if (is_asked_to_go_on) return;
    terminal_.close();
}

// One byte: 0, or the errno value.
static void say_how_it_went(Fd& pipe, int error) {
    const auto byte = static_cast<unsigned char>(error);
    [[maybe_unused]] const auto written = ::write(pipe.get(), &byte, 1);
    pipe.close();
}

// Nothing of its maker's but the output: a reader of our output waits for nobody else.
[[noreturn]] static void become_tracer(pid_t runner, int output, Fd terminal, Fd asker,
                                       Fd ready) noexcept {
    try {
        ::prctl(PR_SET_NAME, "explainer");
        sigset_t every_signal;
        ::sigfillset(&every_signal);
        ::sigprocmask(SIG_SETMASK, &every_signal, nullptr);
        duplicate_onto(output, STDERR_FILENO);
        const Fd null{check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null")};
        duplicate_onto(null.get(), STDIN_FILENO);
        duplicate_onto(null.get(), STDOUT_FILENO);
        Tracer tracer{runner, std::move(terminal), std::move(asker)};
        say_how_it_went(ready, 0);
        tracer.watch();
    } catch (const SystemError& error) {
        say_how_it_went(ready, error.error());
    } catch (const std::exception&) {
        // The reader of the pipe sees its end.
    }
    ::_exit(0);
}

static std::string_view hint_for_ptrace(int error) {
    if (error != EPERM) return {};
    return "another tracer watches already, or kernel.yama.ptrace_scope or a sandbox forbids it";
}

Explainer::Explainer(Explaining mode, int output, Fd terminal, Fd asker) {
    if (mode == Explaining::off) return;
    if (mode == Explaining::steps && !terminal) {
        // Not standard input: that is the command's.
        terminal = Fd{::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)};
        if (!terminal) throw SystemError{errno, "open", "/dev/tty", "--step asks at a terminal"};
    }
    Pipe ready = make_pipe();
    // Under Yama a process may watch its descendants alone, unless the watched one says otherwise.
    // Without Yama this fails, and nothing is lost.
    ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    const pid_t runner = ::getpid();
    tracer_ = check(::fork(), "fork");
    if (tracer_ == 0) {
        become_tracer(runner, output, std::move(terminal), std::move(asker),
                      std::move(ready.write_end));
    }
    ready.write_end.close();
    unsigned char error = 0;
    const auto count = check(retry([&] { return ::read(ready.read_end.get(), &error, 1); }), "read",
                             "the tracer's report");
    ::prctl(PR_SET_PTRACER, 0);
    if (count == 1 && error == 0) return;
    throw SystemError{error, "ptrace", "for --explain", hint_for_ptrace(error)};
}

Explainer::~Explainer() {
    // By this call the tracer sees that it is over. It fails where that has been killed.
    if (tracer_ != 0) retry([&] { return ::waitpid(tracer_, nullptr, 0); });
}
