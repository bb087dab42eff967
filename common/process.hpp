// Starting, waiting for and becoming processes.
#pragma once

#include <linux/sched.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "common/error.hpp"
#include "common/fd.hpp"

// The exit code that a shell would show: the program's own, or 128 + n when signal n killed it.
// The one place where a wait status is decoded (wait(2)).
int exit_code_for(int wait_status);

// fork(2) with the flags of clone3(2): like fork it returns 0 in the child, which goes on with a
// copy of everything. `arguments.exit_signal` is set to SIGCHLD (not with CLONE_PARENT). Where a
// sandbox forbids clone3 (ENOSYS, as Docker's does) clone(2) is called; flags that it cannot carry
// are then an error. It goes past glibc's own fork handlers, which is harmless only because we have
// no threads. Throws SystemError: EPERM, ENOSPC (too many), EAGAIN, ENOMEM.
pid_t clone_process(clone_args arguments);

// The owner of a started child: whoever drops it without waiting kills and reaps it.
// Declared after what the child uses, it is destroyed first, and so the child is gone first.
class Child {
public:
    Child() = default;
    explicit Child(pid_t pid) : pid_{pid} {}
    Child(Child&& other) noexcept : pid_{std::exchange(other.pid_, 0)} {}
    Child& operator=(Child&& other) noexcept {
        std::swap(pid_, other.pid_);
        return *this;
    }
    ~Child();

    pid_t pid() const { return pid_; }

    // Waits for the end, forgets the pid and returns the exit code (see exit_code_for).
    int wait();

    // True when it has ended; `exit_code` is set then, and the pid is forgotten. Never blocks.
    bool has_ended(int& exit_code);

private:
    pid_t pid_ = 0;
};

// Signals as data (signalfd(2)): blocked from construction on, so that none interrupts anything
// and none is lost; the mask from before comes back at destruction.
class SignalFd {
public:
    explicit SignalFd(std::initializer_list<int> signals);
    SignalFd(const SignalFd&) = delete;
    SignalFd& operator=(const SignalFd&) = delete;
    ~SignalFd();

    int get() const { return fd_.get(); }

    // The next signal: its number in `ssi_signo`, who sent it in `ssi_code` and `ssi_pid`.
    // Blocks until there is one.
    signalfd_siginfo next();

private:
    sigset_t previous_{};
    Fd fd_;
};

// For a child just before exec: no signal blocked, each with its default disposition. What a
// parent blocks or ignores (SIGPIPE!) would otherwise be inherited (execve(2)).
void reset_signals();

// Marks every descriptor from `first` up close-on-exec, also those that our own caller let us
// inherit: the next program gets none of them (close_range(2)).
void close_on_exec_from(unsigned first);

// execve(2) failed: see exit_code_for_exec.
class ExecError : public SystemError {
    using SystemError::SystemError;
};

// Becomes the program: looks for command[0] along the PATH of `environment` ("NAME=value" each)
// unless it contains a slash, and calls execve(2). Unlike execvp(3) it never hands a file without
// `#!` to a shell. Returns only by throwing ExecError.
[[noreturn]] void execute(const std::vector<std::string>& command,
                          const std::vector<std::string>& environment);

// What a shell would make of the errno: 127 when the program was not found, otherwise 126: found,
// but it cannot be executed.
int exit_code_for_exec(int error);

// A copy of the environment of this process.
std::vector<std::string> current_environment();
