#include "stage6-daemon-shim/core/loop/event_loop.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>

#include "common/error.hpp"

// So many breaths in one turn: some thousand requests or a few megabytes are served in less than
// a millisecond or two.
static constexpr unsigned kBreathsMax = 64;
static constexpr std::size_t kEventsMax = 256;

static constexpr std::chrono::milliseconds kLookAgain{10};

// --- waiting ------------------------------------------------------------------------------------

void Waiter::suspend(std::coroutine_handle<> handle, WaitLink* ring) {
    handle_ = handle;
    task_ = loop_.current_;
    if (ring != nullptr) ring->append(*this);
    if (deadline_ != kNever) timer_ = loop_.timers_.emplace(deadline_, this);
}

void Waiter::suspend_as_ready(std::coroutine_handle<> handle) {
    suspend(handle, nullptr);
    make_ready(Wake::ready);
}

void Waiter::make_ready(Wake wake) {
    forget_timer();
    unlink();
    wake_ = wake;
    loop_.ready_.append(*this);
}

void Waiter::forget_timer() {
    if (!timer_) return;
    loop_.timers_.erase(*timer_);
    timer_.reset();
}

bool EventLoop::BreathAwaiter::await_ready() const {
    return ++loop().breaths_ < kBreathsMax;
}

void EventLoop::BreathAwaiter::await_suspend(std::coroutine_handle<> handle) {
    suspend_as_ready(handle);
}

EventLoop::SleepAwaiter EventLoop::sleep_until(Deadline deadline) {
    return {*this, deadline};
}

EventLoop::SleepAwaiter EventLoop::sleep_for(Clock::duration duration) {
    return {*this, Clock::now() + duration};
}

EventLoop::BreathAwaiter EventLoop::breathe() {
    return BreathAwaiter{*this};
}

EventLoop::DescriptorAwaiter EventLoop::readable(int fd, Deadline deadline) {
    return {*this, fd, DescriptorAwaiter::For::reading, deadline};
}

EventLoop::DescriptorAwaiter EventLoop::writable(int fd, Deadline deadline) {
    return {*this, fd, DescriptorAwaiter::For::writing, deadline};
}

EventLoop::DescriptorAwaiter::DescriptorAwaiter(EventLoop& loop, int fd, For purpose,
                                                Deadline deadline)
    : watch_{loop, fd},
      awaiter_{purpose == For::reading ? watch_.readable(deadline) : watch_.writable(deadline)} {
    if (purpose == For::writing) watch_.filled();
}

// --- descriptors --------------------------------------------------------------------------------

static constexpr std::uint32_t kReading = EPOLLIN | EPOLLRDHUP | EPOLLET;

Watch::Watch(EventLoop& loop, int fd) : loop_{loop}, fd_{fd} {
    epoll_event event{kReading, {this}};
    if (::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_ADD, fd_, &event) == 0) return;
    if (errno != EPERM) throw SystemError{errno, "epoll_ctl", "add"};
    always_ready_ = readable_ = true;
}

Watch::~Watch() {
    if (always_ready_) return;
    // By epoll_ctl(2) this too may lack memory, and what is left in the set would name us for ever.
    // Nothing to do about other errors: the descriptor was closed too early, and left it by that.
    int result = -1;
    do {
        result = ::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
    } while (result == -1 && errno == ENOMEM);
}

bool Watch::set_interest(std::uint32_t events) {
    epoll_event event{events, {this}};
    return ::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_MOD, fd_, &event) == 0;
}

Watch::Awaiter Watch::readable(Deadline deadline) {
    return {loop_, readers_, readable_, deadline};
}

Watch::Awaiter Watch::writable(Deadline deadline) {
    return {loop_, writers_, writable_, deadline};
}

void Watch::drained() {
    // The edge of an end was seen already, perhaps together with the last bytes, and won't return.
    if (!always_ready_ && !ended_) readable_ = false;
}

void Watch::filled() {
    if (always_ready_ || gone_) return;
    // Asked for only now: a peer that reads would otherwise cost a wake-up for each answer.
    if (!set_interest(kReading | EPOLLOUT)) throw SystemError{errno, "epoll_ctl", "modify"};
    writable_ = false;
}

void Watch::cancel_when_gone(TaskId task) {
    cancelled_when_gone_ = task;
    if (gone_ && task != 0) loop_.cancel(task);
}

void Watch::wake_all(WaitLink& ring) {
    while (ring.linked()) static_cast<Waiter*>(ring.next())->make_ready(Wake::ready);
}

void Watch::take_events(std::uint32_t events) {
    const bool gone = (events & (EPOLLHUP | EPOLLERR)) != 0;
    ended_ = ended_ || gone || (events & EPOLLRDHUP) != 0;
    if (ended_ || (events & EPOLLIN) != 0) {
        readable_ = true;
        wake_all(readers_);
    }
    if (gone || (events & EPOLLOUT) != 0) {
        if (!writable_ && !gone) set_interest(kReading);  // or it is told more often than needed
        writable_ = true;
        wake_all(writers_);
    }
    if (gone && !gone_) {
        gone_ = true;
        if (cancelled_when_gone_ != 0) loop_.cancel(cancelled_when_gone_);
    }
}

Task<void> until_readable(EventLoop& loop, int fd) {
    bool is_readable = false;
    while (!is_readable) {
        try {
            co_await loop.readable(fd);
            is_readable = true;
        } catch (const SystemError&) {
        }
        if (!is_readable) co_await loop.sleep_for(kLookAgain);
    }
}

void Event::notify_all() {
    while (waiters_.linked()) static_cast<Waiter*>(waiters_.next())->make_ready(Wake::ready);
}

// --- the loop -----------------------------------------------------------------------------------

struct EventLoop::Spawned {
    struct Starter : Waiter {
        explicit Starter(EventLoop& loop) : Waiter{loop, kNever} {}
        using Waiter::suspend_as_ready;
    };

    Task<void> task;
    Starter starter;
};

static void report_on_stderr(std::string_view text) {
    const std::string line = "task failed: " + std::string{text} + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

EventLoop::EventLoop(std::function<void(std::string_view)> report)
    : report_{report ? std::move(report) : report_on_stderr},
      epoll_{check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")},
      events_(kEventsMax) {}

EventLoop::~EventLoop() {
    while (!tasks_.empty()) {
        graveyard_.push_back(tasks_.begin()->first);
        bury();
    }
}

// A function of its own rather than a lambda: its parameters live in its frame.
Task<void> EventLoop::run_spawned(Task<void> task, TaskId id) {
    try {
        co_await std::move(task);
    } catch (const std::exception& error) {
        report_(error.what());
    } catch (...) {
        report_("unknown exception");
    }
    graveyard_.push_back(id);
}

TaskId EventLoop::spawn(Task<void> task) {
    const TaskId id = ++last_id_;
    std::unique_ptr<Spawned> spawned{
        new Spawned{run_spawned(std::move(task), id), Spawned::Starter{*this}}};
    Waiter& starter = spawned->starter;
    starter.suspend_as_ready(spawned->task.handle());
    starter.task_ = id;
    tasks_.emplace(id, std::move(spawned));
    return id;
}

void EventLoop::cancel(TaskId id) {
    graveyard_.push_back(id);
    if (!running_) bury();
}

// Destructors may cancel and spawn others: each task leaves the table before it is destroyed.
void EventLoop::bury() {
    while (!graveyard_.empty()) {
        const auto found = tasks_.find(graveyard_.back());
        graveyard_.pop_back();
        if (found == tasks_.end()) continue;
        const std::unique_ptr<Spawned> ended = std::move(found->second);
        tasks_.erase(found);
    }
}

void EventLoop::resume(Waiter& waiter) {
    waiter.unlink();
    current_ = waiter.task_;
    breaths_ = 0;
    waiter.handle_.resume();
    current_ = 0;
}

void EventLoop::run_ready() {
    WaitLink round;
    round.append_all(ready_);
    while (round.linked() && !stopped_) {
        resume(static_cast<Waiter&>(*round.next()));
        bury();
    }
    round.append_all(ready_);
    ready_.append_all(round);
}

void EventLoop::run() {
    stopped_ = false;
    running_ = true;
    while (!stopped_ && !tasks_.empty()) {
        run_ready();
        if (!stopped_ && !tasks_.empty()) wait_for_events();
    }
    running_ = false;
}

void EventLoop::wait_for_events() {
    const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                   wait_milliseconds());
    if (count == -1 && errno != EINTR) throw SystemError{errno, "epoll_wait"};
    // Only marks and queues: no task runs here, so no Watch disappears under the events.
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events_[static_cast<std::size_t>(i)];
        static_cast<Watch*>(event.data.ptr)->take_events(event.events);
    }
    bury();
    fire_timers();
}

int EventLoop::wait_milliseconds() const {
    if (ready_.linked()) return 0;
    if (timers_.empty()) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Clock::now());
    return static_cast<int>(
        std::clamp<std::int64_t>(left.count(), 0, std::numeric_limits<int>::max()));
}

void EventLoop::fire_timers() {
    if (timers_.empty()) return;
    const Deadline now = Clock::now();
    while (!timers_.empty() && timers_.begin()->first <= now) {
        timers_.begin()->second->make_ready(Wake::timed_out);
    }
}
