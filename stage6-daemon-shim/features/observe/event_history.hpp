// What has happened, for those who ask late, and for those who listen.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stage6-daemon-shim/core/daemon/announcements.hpp"
#include "stage6-daemon-shim/core/daemon/wall_time.hpp"
#include "stage6-daemon-shim/core/loop/event_loop.hpp"

struct PastEvent {
    WallTime time = 0;
    std::string type, action, id;
    Attributes attributes;  // sorted by name

    std::string line() const;  // as JSON, with a newline
};

class EventHistory {
public:
    explicit EventHistory(EventLoop& loop) : changed{loop} {}

    void add(const Announcement& announcement);
    void add(PastEvent event);

    // Each event has a number, one above that before. `next` is the number of the one to come,
    // `first` that of the oldest which is replayed to whoever comes late: Docker's 256 at most.
    std::uint64_t first() const;
    std::uint64_t next() const { return forgotten_ + events_.size(); }

    // More of them are kept for a listener who reads slowly; nullptr for one that is forgotten.
    const PastEvent* find(std::uint64_t number) const;

    Event changed;  // one has been added

private:
    std::deque<PastEvent> events_;
    std::uint64_t forgotten_ = 0;
};

using HistoryPointer = std::shared_ptr<EventHistory>;
