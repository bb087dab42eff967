// The parent's last step: wait for the container, and pass on the signals that are meant for it.
#pragma once

#include "common/process.hpp"

// The signals to block as the first statement of main(), before there is anything to clean up:
// they become data for wait_for_container. What people and programs send goes on to the command;
// the three before the last stop a job; SIGPIPE is there so that a closed stderr ends nothing. Any
// other signal does to the runner what it does to every process: it ends it, and by SIGKILL the
// container with it, or it is ignored.
inline constexpr std::initializer_list<int> kSignalsOfRunner = {
    SIGCHLD, SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1,
    SIGUSR2, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE,
};

// Waits until the child has ended and returns its exit code.
//
// A signal sent to us goes on to the child. One from the terminal (Ctrl-C) has reached the child
// already. But the kernel drops a signal for which the first process of a PID namespace has no
// handler (pid_namespaces(7)), so `sleep 100` as PID 1 would shrug off Ctrl-C. Where any other
// process would have died of it we end the child, and the exit code says so: 128 + the signal.
//
// Where it would have stopped (Ctrl-Z) we stop the child, and then ourselves, since the shell that
// has started us knows no other process of the job; `fg` makes both go on.
int wait_for_container(Child& child, SignalFd& signals);
