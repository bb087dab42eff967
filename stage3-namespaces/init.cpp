#include "stage3-namespaces/init.hpp"

#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/process.hpp"
#include "stage3-namespaces/terminal.hpp"

// One SIGCHLD may stand for many deaths: reap until there is nothing left. Leaves when the command
// itself is among them.
static void reap_until_gone(pid_t command) {
    while (true) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, WNOHANG);
        if (pid <= 0) return;
        if (pid == command) ::_exit(exit_code_for(status));
    }
}

void run_as_init(const std::function<void()>& become_command) {
    sigset_t every_signal;
    ::sigfillset(&every_signal);
    check(::sigprocmask(SIG_SETMASK, &every_signal, nullptr), "sigprocmask");

    const pid_t command = check(::fork(), "fork");
    if (command == 0) {
        become_command();
        ::_exit(125);
    }

    ::prctl(PR_SET_NAME, "init");
    // Process 1 gets every orphan; where we are not process 1 (--share pid) we have to ask for it.
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
    // The pipe on which the command reports must have one holder less, or its reader never sees
    // the end.
    check(::syscall(SYS_close_range, 3u, ~0u, 0u), "close_range");
    // Not sigwaitinfo(2): for the time that it waits the signals count as not blocked, and who
    // looks at /proc/PID/status, as our parent does, sees a process that would die of them.
    const Fd signals{check(::signalfd(-1, &every_signal, SFD_CLOEXEC), "signalfd")};
    while (true) {
        reap_until_gone(command);
        signalfd_siginfo info{};
        check(retry([&] { return ::read(signals.get(), &info, sizeof info); }), "read", "signalfd");
        const int signal = static_cast<int>(info.ssi_signo);
        if (signal != SIGCHLD && !is_from_terminal(info)) ::kill(command, signal);
    }
}
