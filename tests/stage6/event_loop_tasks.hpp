// Small tasks and descriptors for the tests of the event loop.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/loop/event_loop.hpp"
#include "tests/support/testing.hpp"

using std::chrono::milliseconds;

// A task's parameters are references to what its test keeps alive until the loop has ended.
using Trace = std::string;

struct SocketEnds {
    Fd ours, theirs;
};

inline SocketEnds socket_pair() {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
    return {Fd{ends[0]}, Fd{ends[1]}};
}

// Notes its destruction.
struct NotedDestruction {
    Trace& trace;
    char note;
    ~NotedDestruction() { trace += note; }
};

inline Task<void> note_at(EventLoop& loop, Deadline time, Trace& trace, char note) {
    co_await loop.sleep_until(time);
    trace += note;
}

inline Task<void> sleep_and_note(EventLoop& loop, int duration, Trace& trace, char note) {
    co_await loop.sleep_for(milliseconds{duration});
    trace += note;
}

inline Task<void> read_one(EventLoop& loop, int fd, Deadline deadline, Trace& trace) {
    const Wake wake = co_await loop.readable(fd, deadline);
    char byte = '!';
    if (wake == Wake::ready && ::read(fd, &byte, 1) == 0) byte = '0';
    trace += byte;
}

inline Task<void> write_later(EventLoop& loop, int fd, std::string text) {
    co_await loop.sleep_for(milliseconds{5});
    CHECK(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

inline Task<void> stop_later(EventLoop& loop) {
    co_await loop.sleep_for(milliseconds{1});
    loop.stop();
}
