#include "stage3-namespaces/terminal.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "common/fd.hpp"

bool is_from_terminal(const signalfd_siginfo& info) {
    if (info.ssi_code != SI_KERNEL) return false;
    switch (info.ssi_signo) {
        case SIGINT:
        case SIGQUIT:
        case SIGHUP:
        case SIGTSTP:
        case SIGTTIN:
        case SIGTTOU:
        case SIGCONT:
        case SIGWINCH: return true;
        default: return false;
    }
}

bool is_stop_signal(int signal) {
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

void stop_as_by(int signal) {
    sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, signal);
    // Raised while it is blocked: one more that waits already and this one are one signal, and we
    // stop once.
    ::raise(signal);
    ::sigprocmask(SIG_UNBLOCK, &only, nullptr);  // here we stop, and here we go on
    ::sigprocmask(SIG_BLOCK, &only, nullptr);
}

void take_back_terminal() {
    const Fd terminal{::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (!terminal) return;  // there is none
    const pid_t foreground = ::tcgetpgrp(terminal.get());
    const bool is_gone = foreground > 0 && ::kill(-foreground, 0) == -1 && errno == ESRCH;
    // From the background this call sends SIGTTOU, but not to a process that has it blocked.
    if (is_gone) ::tcsetpgrp(terminal.get(), ::getpgrp());
}
