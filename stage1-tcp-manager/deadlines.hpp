// Who has to be seen to at what time, the next one first. Clients without a deadline cost nothing.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

// The clock that goes on evenly when somebody sets the time of day.
using Clock = std::chrono::steady_clock;
using Deadline = std::optional<Clock::time_point>;

class Deadlines {
public:
    // Takes the place of the one that the descriptor had before.
    void set(int fd, Deadline deadline);

    Deadline next() const;

    // The descriptor of one whose time has come; -1 when there is none.
    int expired(Clock::time_point now) const;

private:
    std::set<std::pair<Clock::time_point, int>> by_time_;
    std::unordered_map<int, Clock::time_point> by_fd_;
};

// The earlier of two, each of which may be none.
Deadline earlier(Deadline a, Deadline b);

// For epoll_wait(2): rounded up, so that the time has come when the wait is over; -1 for none.
int milliseconds_until(Deadline deadline);
