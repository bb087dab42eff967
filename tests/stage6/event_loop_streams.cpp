#include <ctime>
#include <memory>
#include <string>

#include "stage6-daemon-shim/core/loop/stream.hpp"
#include "tests/stage6/event_loop_tasks.hpp"

static Task<void> pump_for_ever(EventLoop& loop, Fd fd) {
    Stream stream{loop, std::move(fd)};
    const std::string text(1000, 'x');
    try {
        while (true) co_await stream.write(text);
    } catch (const PeerGone&) {
    }
}

static Task<void> swallow_for_ever(EventLoop& loop, Fd fd) {
    Stream stream{loop, std::move(fd)};
    while (true) {
        co_await stream.fill();
        stream.consume(stream.buffered().size());
    }
}

TEST_CASE("a task that always has work starves nobody", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    SocketEnds ends = socket_pair();
    loop.spawn(pump_for_ever(loop, std::move(ends.ours)));
    loop.spawn(swallow_for_ever(loop, std::move(ends.theirs)));
    const SocketEnds other = socket_pair();
    loop.spawn(read_one(loop, other.ours.get(), kNever, trace));
    loop.spawn(write_later(loop, other.theirs.get(), "x"));
    loop.spawn(stop_later(loop));
    while (trace.empty()) {
        loop.run();
        loop.spawn(stop_later(loop));
    }
    CHECK(trace == "x");
}

static Task<void> write_bulk(EventLoop& loop, Fd fd, std::size_t bytes) {
    Stream stream{loop, std::move(fd)};
    const std::string text(bytes, 'x');
    co_await stream.write(text);
}

static Task<void> count_bytes(EventLoop& loop, Fd fd, std::size_t& total) {
    Stream stream{loop, std::move(fd)};
    ReadResult result = ReadResult::data;
    while (result == ReadResult::data) {
        result = co_await stream.fill();
        total += stream.buffered().size();
        stream.consume(stream.buffered().size());
    }
}

TEST_CASE("a stream carries more than the kernel's buffer holds", "[stage6][loop]") {
    EventLoop loop;
    SocketEnds ends = socket_pair();
    std::size_t total = 0;
    loop.spawn(write_bulk(loop, std::move(ends.ours), 5000000));
    loop.spawn(count_bytes(loop, std::move(ends.theirs), total));
    loop.run();
    CHECK(total == 5000000);
}

static Task<void> note_end(EventLoop& loop, Fd fd, Trace& trace) {
    Stream stream{loop, std::move(fd)};
    stream.cancel_when_gone(loop.current());
    const NotedDestruction noted{trace, 'd'};
    ReadResult result = ReadResult::data;
    while (result == ReadResult::data) {
        result = co_await stream.fill();
        trace += stream.buffered();
        stream.consume(stream.buffered().size());
    }
    trace += stream.gone() ? 'G' : 'E';
    co_await loop.sleep_for(std::chrono::hours{1});
}

static Task<void> half_close_then_close(EventLoop& loop, Fd fd, Trace& trace) {
    CHECK(::write(fd.get(), "ab", 2) == 2);
    ::shutdown(fd.get(), SHUT_WR);
    co_await loop.sleep_for(milliseconds{5});
    trace += '/';
    fd.close();
}

TEST_CASE("a half close ends reading; only a full close cancels", "[stage6][loop]") {
    EventLoop loop;
    Trace trace;
    SocketEnds ends = socket_pair();
    loop.spawn(note_end(loop, std::move(ends.ours), trace));
    loop.spawn(half_close_then_close(loop, std::move(ends.theirs), trace));
    loop.run();
    CHECK(trace == "abE/d");
}

TEST_CASE("a peer that is gone costs no processor time", "[stage6][loop]") {
    EventLoop loop;
    SocketEnds ends = socket_pair();
    const Watch watch{loop, ends.ours.get()};
    ends.theirs.close();
    Trace trace;
    loop.spawn(sleep_and_note(loop, 200, trace, 'x'));
    const std::clock_t before = std::clock();
    loop.run();
    CHECK(watch.gone());
    CHECK(std::clock() - before < CLOCKS_PER_SEC / 20);
}

static Task<void> destroy_watch(EventLoop& loop, std::unique_ptr<Watch>& watch) {
    co_await loop.sleep_for(milliseconds{1});
    watch.reset();
}

static Task<void> wait_on_watch(Watch& watch, Trace& trace) {
    const NotedDestruction noted{trace, 'w'};
    co_await watch.readable();
}

TEST_CASE("a Watch may go before those who wait for it", "[stage6][loop]") {
    Trace trace;
    const SocketEnds ends = socket_pair();
    {
        EventLoop loop;
        auto watch = std::make_unique<Watch>(loop, ends.ours.get());
        const TaskId task = loop.spawn(wait_on_watch(*watch, trace));
        loop.spawn(destroy_watch(loop, watch));
        loop.spawn(stop_later(loop));
        loop.run();
        loop.cancel(task);
        CHECK(trace == "w");
    }
}
