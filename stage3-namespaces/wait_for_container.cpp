#include "stage3-namespaces/wait_for_container.hpp"

#include <charconv>
#include <string>

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

int wait_for_container(Child& child, SignalFd& signals) {
    int ended_by = 0;
    int exit_code = 0;
    while (!child.has_ended(exit_code)) {
        const auto info = signals.next();
        const int signal = static_cast<int>(info.ssi_signo);
        if (signal == SIGCHLD || signal == SIGPIPE) continue;
        if (would_die_of(child.pid(), info.ssi_signo)) {
            ended_by = signal;
            ::kill(child.pid(), SIGKILL);
        } else if (info.ssi_code != SI_KERNEL) {
            ::kill(child.pid(), signal);
        }
    }
    const bool our_kill = ended_by != 0 && exit_code == 128 + SIGKILL;
    return our_kill ? 128 + ended_by : exit_code;
}
