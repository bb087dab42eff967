#include "stage6-daemon-shim/core/loop/event_loop.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "common/process.hpp"
#include "tests/stage6/event_loop_tasks.hpp"

TEST_CASE("tasks wake in the order of their times", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    // Not each from its own start: between two of them any time may pass.
    const Deadline start = Clock::now();
    loop.spawn(note_at(loop, start + milliseconds{30}, trace, 'c'));
    loop.spawn(note_at(loop, start, trace, 'a'));
    loop.spawn(note_at(loop, start + milliseconds{15}, trace, 'b'));
    loop.run();
    CHECK(trace == "abc");
}

TEST_CASE("a task reads when there is something, or gives up at its deadline", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    const SocketEnds first = socket_pair();
    const SocketEnds second = socket_pair();
    loop.spawn(read_one(loop, first.ours.get(), Clock::now() + milliseconds{30}, trace));
    loop.spawn(read_one(loop, second.ours.get(), kNever, trace));
    loop.spawn(write_later(loop, second.theirs.get(), "x"));
    loop.run();
    std::ranges::sort(trace);  // on a busy machine the deadline may come first
    CHECK(trace == "!x");
}

TEST_CASE("what was readable before anybody waited is seen", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    const SocketEnds ends = socket_pair();
    REQUIRE(::write(ends.theirs.get(), "ab", 2) == 2);
    loop.spawn(read_one(loop, ends.ours.get(), kNever, trace));
    loop.run();
    loop.spawn(read_one(loop, ends.ours.get(), kNever, trace));
    loop.run();
    CHECK(trace == "ab");
}

static Task<void> note_readable(EventLoop& loop, int fd, Trace& trace) {
    co_await loop.readable(fd);
    trace += 'e';
}

TEST_CASE("a task waits for the end of a child", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(3);
    Child child{pid};
    const Fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    REQUIRE(pidfd);
    loop.spawn(note_readable(loop, pidfd.get(), trace));
    loop.run();
    CHECK(trace == "e");
    CHECK(child.wait() == 3);
}

static Task<void> await_event(Event& event, const bool& done, Trace& trace, char note) {
    while (!done) co_await event.wait();
    trace += note;
}

static Task<void> notify(Event& event, bool& done, Trace& trace) {
    event.notify_all();
    trace += '1';
    done = true;
    event.notify_all();
    trace += '2';
    co_return;
}

TEST_CASE("an event wakes all who wait, after who gives it has gone on", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    Event event{loop};
    bool done = false;
    loop.spawn(await_event(event, done, trace, 'a'));
    loop.spawn(await_event(event, done, trace, 'b'));
    loop.spawn(notify(event, done, trace));
    loop.run();
    CHECK(trace == "12ab");
}

static Task<void> wait_for_event(Event& event, Trace& trace) {
    const Wake wake = co_await event.wait(Clock::now() + milliseconds{5});
    trace += wake == Wake::timed_out ? "late" : "woken";
}

TEST_CASE("waiting for an event ends at its deadline", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    Event event{loop};
    loop.spawn(wait_for_event(event, trace));
    loop.run();
    CHECK(trace == "late");
    event.notify_all();
}

static Task<void> wait_for_ever(EventLoop& loop, int fd, Trace& trace, char note) {
    const NotedDestruction noted{trace, note};
    co_await loop.readable(fd);
    trace += '!';
}

static Task<void> wait_beneath(EventLoop& loop, int fd, Trace& trace) {
    const NotedDestruction noted{trace, 'o'};
    co_await wait_for_ever(loop, fd, trace, 'i');
}

static Task<void> cancel_later(EventLoop& loop, TaskId task) {
    co_await loop.sleep_for(milliseconds{1});
    loop.cancel(task);
    loop.cancel(task);
}

TEST_CASE("a cancelled task is destroyed where it waits, the innermost first", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    const SocketEnds ends = socket_pair();
    const TaskId task = loop.spawn(wait_beneath(loop, ends.ours.get(), trace));
    loop.spawn(cancel_later(loop, task));
    loop.run();
    CHECK(trace == "io");
}

static Task<void> cancel_oneself(EventLoop& loop, Trace& trace) {
    const NotedDestruction noted{trace, 'd'};
    loop.cancel(loop.current());
    trace += 'g';
    co_await loop.sleep_for(milliseconds{0});
    trace += '!';
}

TEST_CASE("a task that cancels itself goes on until it waits", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    loop.spawn(cancel_oneself(loop, trace));
    loop.run();
    CHECK(trace == "gd");
}

TEST_CASE("the loop's end destroys the tasks that still wait", "[stage6][loop]") {
    Trace trace;
    const SocketEnds ends = socket_pair();
    {
        EventLoop loop;
        Event event{loop};
        loop.spawn(wait_for_ever(loop, ends.ours.get(), trace, 'r'));
        loop.spawn(wait_beneath(loop, ends.theirs.get(), trace));
        loop.spawn(stop_later(loop));
        loop.run();
        CHECK(trace.empty());
        loop.spawn(wait_for_ever(loop, ends.theirs.get(), trace, 'n'));
    }
    CHECK(trace.size() == 3);  // the one that never ran had made nothing to destroy
}

static Task<void> fail(std::string text) {
    throw std::runtime_error{text};
    co_return;
}

TEST_CASE("a task that fails is reported, and the others go on", "[stage6][loop]") {
    Trace trace;
    EventLoop loop{[&trace](std::string_view text) { trace += text; }};
    loop.spawn(fail("broken"));
    loop.spawn(sleep_and_note(loop, 1, trace, '+'));
    loop.run();
    CHECK(trace == "broken+");
}

static Task<int> slow_verb(EventLoop& loop, Trace& trace) {
    trace += 'b';
    co_await loop.sleep_for(milliseconds{10});
    trace += 'e';
    co_return 7;
}

static Task<void> handle(EventLoop& loop, Trace& trace) {
    const int result = co_await run_to_end(loop, slow_verb(loop, trace));
    trace += std::to_string(result);
}

static Task<void> handle_failure(EventLoop& loop, Trace& trace) {
    try {
        co_await run_to_end(loop, fail("refused"));
    } catch (const std::exception& error) {
        trace += error.what();
    }
}

TEST_CASE("a verb runs to its end though its handler is cancelled", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    loop.spawn(handle(loop, trace));
    loop.run();
    CHECK(trace == "be7");
    trace.clear();
    const TaskId task = loop.spawn(handle(loop, trace));
    loop.spawn(cancel_later(loop, task));
    loop.run();
    CHECK(trace == "be");
    trace.clear();
    loop.spawn(handle_failure(loop, trace));
    loop.run();
    CHECK(trace == "refused");
}

static Task<void> scoped(EventLoop& loop, int fd, Trace& trace) {
    const ScopedTask beside{loop, wait_for_ever(loop, fd, trace, 's')};
    co_await loop.sleep_for(milliseconds{2});
    trace += 'o';
}

TEST_CASE("a task beside its owner ends with it", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    const SocketEnds ends = socket_pair();
    loop.spawn(scoped(loop, ends.ours.get(), trace));
    loop.run();
    CHECK(trace == "os");
}
