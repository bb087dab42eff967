#include "stage3-namespaces/wait_for_container.hpp"

#include <poll.h>

#include <charconv>
#include <string>
#include <utility>

#include "common/error.hpp"
#include "common/file.hpp"

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

// True when the process neither catches, ignores nor blocks the signal.
static bool would_die_of(pid_t pid, unsigned signal) {
    try {
        const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
        const auto handled = signal_mask(status, "SigCgt") | signal_mask(status, "SigIgn") |
                             signal_mask(status, "SigBlk");
        return ((handled >> (signal - 1)) & 1) == 0;
    } catch (const std::exception&) {
        return false;  // it has ended just now, or there is no /proc: nothing to make up for
    }
}

// Long enough for an exec to be over.
static constexpr int kSecondLookMilliseconds = 100;

static bool another_signal_within(const SignalFd& signals, int milliseconds) {
    pollfd readable{signals.get(), POLLIN, 0};
    return ::poll(&readable, 1, milliseconds) > 0;
}

// Passes signals on to a child, or ends it where the kernel would drop them.
class SignalsOnTheirWayIn {
public:
    explicit SignalsOnTheirWayIn(pid_t child) : child_{child} {}

    // The signal that the child was ended for, 0 if it was not.
    int ended_by() const { return ended_by_; }

    void pass_on(const signalfd_siginfo& info) {
        const int signal = static_cast<int>(info.ssi_signo);
        // Before the look at its handlers: an exec after that look is then seen as a change.
        program_ = command_line(child_);
        passed_on_ = 0;
        if (end_child_if_it_would_die_of(signal)) return;
        if (info.ssi_code != SI_KERNEL) ::kill(child_, signal);
        passed_on_ = signal;
    }

    // The child had a handler when we looked; has it become another program meanwhile?
    bool deserve_second_look() const { return passed_on_ != 0; }

    // A shell with a handler may by exec have become a program without one just before the signal
    // came. One that is the same program has had its signal, and if it has no handler any more it
    // has taken it off by itself: what it does now is its own affair.
    void look_again() {
        const int signal = std::exchange(passed_on_, 0);
        const std::string program = command_line(child_);
        if (!program.empty() && program != program_) end_child_if_it_would_die_of(signal);
    }

private:
    bool end_child_if_it_would_die_of(int signal) {
        if (!would_die_of(child_, static_cast<unsigned>(signal))) return false;
        ended_by_ = signal;
        ::kill(child_, SIGKILL);
        return true;
    }

    pid_t child_;
    std::string program_;
    int passed_on_ = 0;
    int ended_by_ = 0;
};

int wait_for_container(Child& child, SignalFd& signals) {
    SignalsOnTheirWayIn incoming{child.pid()};
    int exit_code = 0;
    while (!child.has_ended(exit_code)) {
        if (incoming.deserve_second_look() &&
            !another_signal_within(signals, kSecondLookMilliseconds)) {
            incoming.look_again();
            continue;
        }
        const auto info = signals.next();
        if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE) incoming.pass_on(info);
    }
    const bool our_kill = incoming.ended_by() != 0 && exit_code == 128 + SIGKILL;
    return our_kill ? 128 + incoming.ended_by() : exit_code;
}
