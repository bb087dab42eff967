// The daemon's one thread: tasks that wait for descriptors, for a time or for each other, and an
// epoll loop that resumes them (epoll(7)).
//
// Every wake-up goes through a queue, so one task alone is on the stack at any time; what becomes
// ready while a round of the queue runs waits for the next round, so nobody starves.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/loop/task.hpp"
#include "stage6-daemon-shim/core/loop/waiter.hpp"

class EventLoop {
public:
    // `report` is told of exceptions that leave a spawned task; by default they go to stderr.
    explicit EventLoop(std::function<void(std::string_view)> report = {});
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();  // destroys every task where it waits

    // Runs until stop() is called or no task is left.
    void run();
    void stop() { stopped_ = true; }

    // Hands over a task that nobody awaits; it starts at the loop's next turn.
    TaskId spawn(Task<void> task);

    // Destroys a task where it waits: at the loop's next turn, or at once while the loop does not
    // run. One that has ended already is none; a task may cancel itself.
    void cancel(TaskId id);

    // The spawned task that is running, 0 outside of all.
    TaskId current() const { return current_; }

    // co_await loop.readable(fd): until there is something to read, an end or an error; at once
    // for regular files. Each wait is two system calls: for a descriptor that is waited for often
    // keep a Watch. Throws SystemError: EEXIST while there is a Watch of it.
    class DescriptorAwaiter;
    DescriptorAwaiter readable(int fd, Deadline deadline = kNever);
    DescriptorAwaiter writable(int fd, Deadline deadline = kNever);

    // co_await loop.sleep_for(std::chrono::seconds{1})
    class SleepAwaiter;
    SleepAwaiter sleep_until(Deadline deadline);
    SleepAwaiter sleep_for(Clock::duration duration);

    // co_await loop.breathe(): in loops that may go on for long without ever waiting. Lets the
    // others run from time to time, and mostly does nothing.
    class BreathAwaiter;
    BreathAwaiter breathe();

private:
    friend class Waiter;
    friend class Watch;

    struct Spawned;

    Task<void> run_spawned(Task<void> task, TaskId id);
    void run_ready();
    void resume(Waiter& waiter);
    void bury();
    void wait_for_events();
    int wait_milliseconds() const;
    void fire_timers();

    std::function<void(std::string_view)> report_;
    Fd epoll_;
    WaitLink ready_;
    Timers timers_;
    std::unordered_map<TaskId, std::unique_ptr<Spawned>> tasks_;
    std::vector<TaskId> graveyard_;  // ended or cancelled, destroyed when no task is on the stack
    std::vector<epoll_event> events_;
    TaskId last_id_ = 0;
    TaskId current_ = 0;
    unsigned breaths_ = 0;  // since the running task was resumed
    bool running_ = false;
    bool stopped_ = false;
};

class EventLoop::SleepAwaiter : public Waiter {
public:
    SleepAwaiter(EventLoop& loop, Deadline deadline) : Waiter{loop, deadline} {}

    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) { suspend(handle, nullptr); }
    void await_resume() const {}
};

class EventLoop::BreathAwaiter : public Waiter {
public:
    explicit BreathAwaiter(EventLoop& loop) : Waiter{loop, kNever} {}

    bool await_ready() const;
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume() const {}
};

// A descriptor in the epoll set for as long as the object lives, which must be shorter than the
// descriptor does. Edge-triggered: no system call a wait. Whoever reads says when there was
// nothing left, by drained(): after EAGAIN, or after fewer bytes than there was room for (epoll(7),
// questions and answers); the same with filled() for writing.
class Watch {
public:
    Watch(EventLoop& loop, int fd);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

    class Awaiter : public Waiter {
    public:
        Awaiter(EventLoop& loop, WaitLink& list, const bool& ready, Deadline deadline)
            : Waiter{loop, deadline}, list_{list}, ready_{ready} {}

        bool await_ready() const { return ready_; }
        void await_suspend(std::coroutine_handle<> handle) { suspend(handle, &list_); }
        Wake await_resume() const { return wake(); }

    private:
        WaitLink& list_;
        const bool& ready_;
    };
    Awaiter readable(Deadline deadline = kNever);
    Awaiter writable(Deadline deadline = kNever);

    void drained();
    void filled();

    // Nobody will ever read what is written here: the other end is closed (EPOLLHUP, EPOLLERR). A
    // peer that has only shut down its writing is not gone: reading returns 0 then.
    bool gone() const { return gone_; }

    // Cancels that task once the other end is gone, also if it is already. 0: none (any more).
    void cancel_when_gone(TaskId task);

private:
    friend class EventLoop;
    void take_events(std::uint32_t events);
    bool set_interest(std::uint32_t events);
    static void wake_all(WaitLink& ring);

    EventLoop& loop_;
    int fd_;
    WaitLink readers_, writers_;
    bool always_ready_ = false;  // a regular file, which epoll refuses
    bool readable_ = false;
    bool writable_ = true;
    bool ended_ = false;  // reading will not block any more
    bool gone_ = false;
    TaskId cancelled_when_gone_ = 0;
};

class EventLoop::DescriptorAwaiter {
public:
    enum class For { reading, writing };
    DescriptorAwaiter(EventLoop& loop, int fd, For purpose, Deadline deadline);

    bool await_ready() const { return awaiter_.await_ready(); }
    void await_suspend(std::coroutine_handle<> handle) { awaiter_.await_suspend(handle); }
    Wake await_resume() const { return awaiter_.await_resume(); }

private:
    Watch watch_;
    Watch::Awaiter awaiter_;
};

// Until there is something to read. Where epoll_ctl(2) has no memory, or no watch is free, it looks
// again after a while: for waits whose end nobody else would see.
Task<void> until_readable(EventLoop& loop, int fd);

// What tasks wait for when they wait for each other: `while (!done) co_await event.wait();`
// Waiters that are left when it is destroyed are woken: hold what you look at after a wait.
class Event {
public:
    explicit Event(EventLoop& loop) : loop_{loop} {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { notify_all(); }

    class Awaiter : public Waiter {
    public:
        Awaiter(EventLoop& loop, WaitLink& list, Deadline deadline)
            : Waiter{loop, deadline}, list_{list} {}

        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> handle) { suspend(handle, &list_); }
        Wake await_resume() const { return wake(); }

    private:
        WaitLink& list_;
    };
    Awaiter wait(Deadline deadline = kNever) { return {loop_, waiters_, deadline}; }

    // Wakes those who wait now, at the loop's next turn.
    void notify_all();

private:
    EventLoop& loop_;
    WaitLink waiters_;
};

// A task that runs beside its owner and is cancelled when the owner drops it.
class ScopedTask {
public:
    ScopedTask(EventLoop& loop, Task<void> task) : loop_{loop}, id_{loop.spawn(std::move(task))} {}
    ScopedTask(const ScopedTask&) = delete;
    ScopedTask& operator=(const ScopedTask&) = delete;
    ~ScopedTask() { loop_.cancel(id_); }

private:
    EventLoop& loop_;
    TaskId id_;
};

template <class T>
struct Detached {
    Detached(EventLoop& loop, Task<T> to_run) : task{std::move(to_run)}, ended{loop} {}

    Task<T> task;
    Event ended;
    bool done = false;

    static Task<void> run(std::shared_ptr<Detached> self) {
        co_await self->task.completion();
        self->done = true;
        self->ended.notify_all();
    }
};

// Runs the task as one of its own and waits for its result. A waiter that is cancelled does not
// take it along: verbs that have begun run to their end.
template <class T>
Task<T> run_to_end(EventLoop& loop, Task<T> task) {
    const auto detached = std::make_shared<Detached<T>>(loop, std::move(task));
    loop.spawn(Detached<T>::run(detached));
    while (!detached->done) co_await detached->ended.wait();
    co_return detached->task.result();
}
