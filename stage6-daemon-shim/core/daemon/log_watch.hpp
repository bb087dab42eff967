// The one inotify of the daemon: tells a container's followers that its log has grown (inotify(7)).
#pragma once

#include <map>
#include <memory>
#include <string_view>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/daemon/container_table.hpp"
#include "stage6-daemon-shim/core/daemon/log_chain.hpp"

// Whether the container's log has a limit, and so may be several files.
bool rotates_its_log(const Container& container);

class LogWatch {
public:
    // The loop must outlive it.
    explicit LogWatch(EventLoop& loop);

    // As long as somebody holds the result, each change of the container's log wakes those who wait
    // for its `changed`. All followers of one container share one watch.
    class Watched;
    std::shared_ptr<Watched> watch(ContainerPointer container);

    EventLoop& loop() const { return loop_; }

private:
    void take_notices(std::string_view notices);
    Task<void> read_notices();

    Fd inotify_;
    EventLoop& loop_;
    std::map<int, std::weak_ptr<Watched>> by_number_;
    std::map<std::string, std::weak_ptr<Watched>> by_id_;
    ScopedTask reading_;
};

class LogWatch::Watched {
public:
    Watched(LogWatch& owner, ContainerPointer container);
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    ~Watched();

    void wake() { container_->changed.notify_all(); }
    int number() const { return number_; }

    // Its newest files, held open for all followers. A file that came is opened at once.
    const LogChain& chain() const { return chain_; }
    void take_new_files();

    bool rotates() const { return rotates_; }

private:
    LogWatch& owner_;
    ContainerPointer container_;
    int number_;
    const bool rotates_;
    LogChain chain_;
};
