// How a suspended coroutine stands in the queues of the event loop: as an object in its own frame,
// linked in where it waits. Destroying the frame takes it out of every queue, so cancelling needs
// no bookkeeping, and waiting no memory but for a deadline.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <map>
#include <optional>

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;
constexpr Deadline kNever = Deadline::max();

enum class Wake { ready, timed_out };

// Names a spawned task, and never two of them. 0: none.
using TaskId = std::uint64_t;

// A node of a doubly linked ring; alone it is an empty ring of its own.
class WaitLink {
public:
    WaitLink() = default;
    WaitLink(const WaitLink&) = delete;
    WaitLink& operator=(const WaitLink&) = delete;
    ~WaitLink() { unlink(); }

    bool linked() const { return next_ != this; }
    WaitLink* next() const { return next_; }

    // Takes itself out of its ring.
    void unlink() {
        next_->previous_ = previous_;
        previous_->next_ = next_;
        next_ = previous_ = this;
    }

    // Puts the node, alone so far, at the end of this ring.
    void append(WaitLink& node) {
        node.previous_ = previous_;
        node.next_ = this;
        previous_->next_ = &node;
        previous_ = &node;
    }

    // Moves all nodes of the other ring to the end of this one.
    void append_all(WaitLink& other) {
        while (other.linked()) {
            WaitLink& node = *other.next_;
            node.unlink();
            append(node);
        }
    }

private:
    WaitLink* previous_ = this;
    WaitLink* next_ = this;
};

class EventLoop;
class Waiter;
using Timers = std::multimap<Deadline, Waiter*>;

class Waiter : public WaitLink {
protected:
    Waiter(EventLoop& loop, Deadline deadline) : loop_{loop}, deadline_{deadline} {}
    ~Waiter() { forget_timer(); }

    // Waits in the ring (in none: for the deadline alone) until woken or timed out.
    void suspend(std::coroutine_handle<> handle, WaitLink* ring);

    // Goes to the end of the loop's queue at once.
    void suspend_as_ready(std::coroutine_handle<> handle);

    Wake wake() const { return wake_; }
    EventLoop& loop() const { return loop_; }

private:
    friend class EventLoop;
    friend class Watch;
    friend class Event;

    void make_ready(Wake wake);
    void forget_timer();

    EventLoop& loop_;
    Deadline deadline_;
    std::coroutine_handle<> handle_;
    std::optional<Timers::iterator> timer_;
    TaskId task_ = 0;
    Wake wake_ = Wake::ready;
};
