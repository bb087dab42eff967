// An owner for a file descriptor: open once, closed once, by whoever holds it last.
// In this project a parameter of type `int fd` is borrowed for the call; an `Fd` is handed over.
#pragma once

#include <unistd.h>

#include <utility>

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_{fd} {}
    Fd(Fd&& other) noexcept : fd_{other.release()} {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        other.close();
        return *this;
    }
    ~Fd() { close(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

    // Gives up ownership: the caller closes it.
    int release() { return std::exchange(fd_, -1); }

    void close() {
        // Linux frees the number even when close(2) says EINTR: never retry.
        if (fd_ >= 0) ::close(release());
    }

private:
    int fd_ = -1;
};

struct Pipe {
    Fd read_end, write_end;
};

// pipe2(2) with O_CLOEXEC on both ends. Throws SystemError (EMFILE, ENFILE).
Pipe make_pipe();

// dup3(2) onto 0, 1 or 2 (or any other number); the copy is kept across exec. Throws SystemError.
void duplicate_onto(int fd, int number);

// Opens /dev/null on each of 0, 1 and 2 that the caller closed, so that no file or socket opened
// later lands on a number that others take for a standard stream.
void ensure_standard_streams();
