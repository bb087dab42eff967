#include "common/fd.hpp"

#include <fcntl.h>

#include "common/error.hpp"

Pipe make_pipe() {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    return {Fd{ends[0]}, Fd{ends[1]}};
}

void duplicate_onto(int fd, int number) {
    if (fd == number) {
        check(::fcntl(fd, F_SETFD, 0), "fcntl F_SETFD");  // dup2 would leave the flag set
        return;
    }
    check(::dup2(fd, number), "dup2");
}

void ensure_standard_streams() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) != -1) continue;  // and no /dev/null is needed, in a bare chroot
        // open(2) takes the lowest free number. Not close-on-exec: a standard stream is inherited.
        Fd null{check(::open("/dev/null", O_RDWR), "open", "/dev/null")};
        null.release();
    }
}
