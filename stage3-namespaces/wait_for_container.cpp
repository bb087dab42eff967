#include "stage3-namespaces/wait_for_container.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <charconv>
#include <string>
#include <utility>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage3-namespaces/terminal.hpp"
#include "stage3-namespaces/traced_call.hpp"

// A line such as "SigCgt:\t0000000000010000" of /proc/PID/status: bit n-1 stands for signal n.
static unsigned long long signal_mask(const std::string& status, const std::string& name) {
    const auto at = status.find("\n" + name + ":\t");
    if (at == std::string::npos) return 0;
    const char* digits = status.data() + at + name.size() + 3;
    unsigned long long mask = 0;
    std::from_chars(digits, status.data() + status.size(), mask, 16);
    return mask;
}

// The command line of a process: an exec changes it. Empty when the process has ended.
static std::string command_line(pid_t pid) {
    try {
        return read_file("/proc/" + std::to_string(pid) + "/cmdline");
    } catch (const std::exception&) {
        return {};
    }
}

// Whether the process stands in sigwait(3) for the signal: for that time it counts as not blocked.
static bool is_waiting_for(pid_t pid, int signal) {
    try {
        // "128 0x7ffd...": the number of the system call, and its arguments (proc(5)).
        const std::string call = read_file("/proc/" + std::to_string(pid) + "/syscall");
        const std::string wanted = std::to_string(SYS_rt_sigtimedwait) + " 0x";
        if (!call.starts_with(wanted)) return false;
        std::uint64_t address = 0;
        std::from_chars(call.data() + wanted.size(), call.data() + call.size(), address, 16);
        TracedCall waiting;
        waiting.pid = pid;
        return ((waiting.number_at(address) >> (signal - 1)) & 1) != 0;
    } catch (const std::exception&) {
        return false;  // where we may not look
    }
}

// What a process would do with a signal that came now.
enum class Outcome {
    death,  // or, for a signal that stops, that
    wait,   // blocked, with nothing to handle it: decided when it is unblocked
    own,    // caught, waited for or ignored: the process's own affair
};

// `is_pending` is set when one waits there already.
static Outcome outcome_of(pid_t pid, int signal, bool& is_pending) {
    is_pending = false;
    try {
        const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
        const auto is_in = [&](const char* name) {
            return ((signal_mask(status, name) >> (signal - 1)) & 1) != 0;
        };
        is_pending = is_in("ShdPnd");
        if (is_in("SigCgt") || is_in("SigIgn")) return Outcome::own;
        if (is_in("SigBlk")) return Outcome::wait;
        return is_waiting_for(pid, signal) ? Outcome::own : Outcome::death;
    } catch (const std::exception&) {
        return Outcome::own;  // it has ended just now, or there is no /proc: nothing to make up for
    }
}

// The letter of field 3 of /proc/PID/stat, behind a name of any characters: R when it runs or waits
// for its turn, T when it has stopped. X when it has ended.
static char state_of(pid_t pid) {
    try {
        const std::string status = read_file("/proc/" + std::to_string(pid) + "/stat");
        const auto letter = status.rfind(')') + 2;
        return letter < status.size() ? status[letter] : 'X';
    } catch (const std::exception&) {
        return 'X';
    }
}

// For how many nanoseconds a process has had a processor; 0 where the kernel does not count that.
static std::uint64_t processor_time(pid_t pid) {
    std::uint64_t time = 0;
    try {
        const std::string text = read_file("/proc/" + std::to_string(pid) + "/schedstat");
        std::from_chars(text.data(), text.data() + text.size(), time);
    } catch (const std::exception&) {
        return 0;
    }
    return time;
}

// The first child of an init; 0 where there is none any more.
static pid_t first_child_of(pid_t init) {
    const std::string number = std::to_string(init);
    pid_t child = 0;
    try {
        const std::string children = read_file("/proc/" + number + "/task/" + number + "/children");
        std::from_chars(children.data(), children.data() + children.size(), child);
    } catch (const std::exception&) {
        return 0;  // it has ended just now
    }
    return child;
}

// Much longer than a program takes from its handler's end to its own signal.
static constexpr std::uint64_t kMomentNanoseconds = 20'000'000;

// Long enough for an exec to be over, by the clock and of processor time.
static constexpr int kNextLookMilliseconds = 100;
static constexpr std::uint64_t kExecNanoseconds = 100'000'000;

static bool another_signal_within(const SignalFd& signals, int milliseconds) {
    pollfd readable{signals.get(), POLLIN, 0};
    return ::poll(&readable, 1, milliseconds) > 0;
}

// Passes signals on to a child, or ends or stops it where the kernel would drop them.
class SignalsOnTheirWayIn {
public:
    explicit SignalsOnTheirWayIn(pid_t child) : child_{child} {}

    // The signal that the child was ended for, 0 if it was not.
    int ended_by() const { return ended_by_; }

    void pass_on(const signalfd_siginfo& info) {
        const int signal = static_cast<int>(info.ssi_signo);
        if (is_stop_signal(signal)) return stop_together(signal, is_from_terminal(info));
        bool is_pending = false;
        // Before the look at its handlers: an exec after that look is then seen as a change.
        program_ = command_line(child_);
        first_outcome_ = outcome_of(child_, signal, is_pending);
        time_before_ = processor_time(child_);
        undecided_ = 0;
        if (first_outcome_ == Outcome::death) return end_child(signal);
        if (!is_from_terminal(info)) ::kill(child_, signal);
        undecided_ = signal;
    }

    bool deserve_another_look() const { return undecided_ != 0; }

    // The child did not die at once of the signal that we passed on. Has the kernel dropped it?
    void look_again() {
        bool is_pending = false;
        const bool is_late = may_be_amid_exec();  // before the look: after it the exec may be over
        const auto outcome = outcome_of(child_, undecided_, is_pending);
        if (outcome == Outcome::wait && is_pending) return;
        if (outcome == Outcome::own && is_late) return;
        const int signal = std::exchange(undecided_, 0);
        if (outcome != Outcome::death) return;
        // It was blocked, as for a moment by every shell that starts a program. Or a shell with a
        // handler had just then become, by exec, a program without one. But a program that is the
        // same has had its signal, and has taken its handler off by itself: what it does now is its
        // own affair.
        const bool was_blocked = first_outcome_ == Outcome::wait;
        if (was_blocked || has_become_another_program()) end_child(signal);
    }

private:
    // A program that catches the signal (an editor, to leave its screen in order) has its own way
    // to stop: it sends it again, to all of its process group, when it is done.
    void stop_together(int signal, bool is_from_terminal) {
        bool is_pending = false;
        const auto outcome = outcome_of(child_, signal, is_pending);
        if (outcome == Outcome::death) {
            if (is_from_terminal) let_it_send_its_own();
            stop_child();
        } else if (!is_from_terminal) {
            ::kill(child_, signal);
        }
        if (outcome == Outcome::own) return;
        if (outcome == Outcome::wait) wait_for_stop_below();
        stop_as_by(signal);
        ::kill(child_, SIGCONT);
    }

    // Such a program may have taken its handler off already. Stopped now, it would send its signal
    // when it goes on, and all would stop again. Until it has sent it, it does not sleep.
    void let_it_send_its_own() const {
        const std::uint64_t begin = processor_time(child_);
        while (begin != 0 && state_of(child_) == 'R') {
            if (processor_time(child_) - begin > kMomentNanoseconds) return;
            ::poll(nullptr, 0, 1);
        }
    }

    // An init has the signal blocked; what it runs stops by itself, as soon as it has its turn.
    void wait_for_stop_below() const {
        const pid_t command = first_child_of(child_);
        const std::uint64_t begin = processor_time(command);
        for (int waited = 0; waited < kNextLookMilliseconds;) {
            const char state = state_of(command);
            if (state == 'T' || state == 'X') return;
            const bool waits_for_its_turn =
                state == 'R' && begin != 0 && processor_time(command) - begin < kMomentNanoseconds;
            if (!waits_for_its_turn) ++waited;
            ::poll(nullptr, 0, 1);
        }
    }

    // Until it has stopped indeed: it could still take what is typed next, for the shell.
    void stop_child() {
        ::kill(child_, SIGSTOP);
        siginfo_t info{};
        const auto child = static_cast<id_t>(child_);
        retry([&] { return ::waitid(P_PID, child, &info, WSTOPPED | WEXITED | WNOWAIT); });
    }

    // On a busy machine a program that is at work may have come less far than the clock.
    bool may_be_amid_exec() const {
        const char state = state_of(child_);
        return (state == 'R' || state == 'D') && time_before_ != 0 &&
               processor_time(child_) - time_before_ < kExecNanoseconds;
    }

    bool has_become_another_program() const {
        const std::string program = command_line(child_);
        return !program.empty() && program != program_;
    }

    void end_child(int signal) {
        ended_by_ = signal;
        ::kill(child_, SIGKILL);
    }

    pid_t child_;
    int undecided_ = 0;  // the signal that was passed on last, and what we saw then
    std::string program_;
    Outcome first_outcome_ = Outcome::own;
    std::uint64_t time_before_ = 0;
    int ended_by_ = 0;
};

int wait_for_container(Child& child, SignalFd& signals) {
    SignalsOnTheirWayIn incoming{child.pid()};
    int exit_code = 0;
    while (!child.has_ended(exit_code)) {
        if (incoming.deserve_another_look() &&
            !another_signal_within(signals, kNextLookMilliseconds)) {
            incoming.look_again();
            continue;
        }
        const auto info = signals.next();
        if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE) incoming.pass_on(info);
    }
    // What came too late for it must not end us either, once signals are signals again.
    while (another_signal_within(signals, 0)) signals.next();
    take_back_terminal();
    const bool our_kill = incoming.ended_by() != 0 && exit_code == 128 + SIGKILL;
    return our_kill ? 128 + incoming.ended_by() : exit_code;
}
