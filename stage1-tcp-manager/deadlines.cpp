#include "stage1-tcp-manager/deadlines.hpp"

#include <algorithm>

void Deadlines::set(int fd, Deadline deadline) {
    const auto found = by_fd_.find(fd);
    if (found != by_fd_.end()) {
        if (deadline == found->second) return;
        by_time_.erase({found->second, fd});
        by_fd_.erase(found);
    }
    if (!deadline) return;
    by_fd_.emplace(fd, *deadline);
    by_time_.emplace(*deadline, fd);
}

Deadline Deadlines::next() const {
    return by_time_.empty() ? Deadline{} : by_time_.begin()->first;
}

int Deadlines::expired(Clock::time_point now) const {
    return by_time_.empty() || by_time_.begin()->first > now ? -1 : by_time_.begin()->second;
}

Deadline earlier(Deadline a, Deadline b) {
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
}

int milliseconds_until(Deadline deadline) {
    if (!deadline) return -1;
    constexpr std::chrono::milliseconds longest{60'000};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
    return static_cast<int>(std::clamp(left, std::chrono::milliseconds{0}, longest).count());
}
