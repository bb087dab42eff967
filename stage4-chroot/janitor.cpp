#include "stage4-chroot/janitor.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/error.hpp"

// Holds nothing of its maker's: a pipe to a reader that waits for the end of our output would
// otherwise stay open.
static void keep_only(int fd) {
    const Fd null{check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null")};
    duplicate_onto(fd, STDIN_FILENO);
    duplicate_onto(null.get(), STDOUT_FILENO);
    duplicate_onto(null.get(), STDERR_FILENO);
    check(::syscall(SYS_close_range, 3u, ~0u, 0u), "close_range");
}

[[noreturn]] static void wait_and_clean(int pipe, const std::function<void()>& clean) noexcept {
    try {
        // Ctrl-C and the death of the whole process group are what it is there to survive.
        sigset_t every_signal;
        ::sigfillset(&every_signal);
        ::sigprocmask(SIG_SETMASK, &every_signal, nullptr);
        ::setpgid(0, 0);
        ::prctl(PR_SET_NAME, "janitor");
        keep_only(pipe);
        char byte = 0;
        if (retry([&] { return ::read(STDIN_FILENO, &byte, 1); }) == 0) clean();
    } catch (const std::exception&) {
        // Nobody is left to be told.
    }
    ::_exit(0);
}

Janitor::Janitor(const std::function<void()>& clean) {
    Pipe pipe = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        pipe.write_end.close();
        wait_and_clean(pipe.read_end.get(), clean);
    }
    pipe_ = std::move(pipe.write_end);
    child_ = Child{pid};
}
