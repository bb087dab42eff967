#include "stage6-daemon-shim/core/daemon/log_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <cstring>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/log_files.hpp"

bool rotates_its_log(const Container& container) {
    const Json* spec = container.config.find("spec");
    const Json* annotations = spec == nullptr ? nullptr : spec->find("annotations");
    return annotations != nullptr && annotations->find(kLogBytesMax) != nullptr;
}

LogWatch::LogWatch(EventLoop& loop)
    : inotify_{check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init1")},
      loop_{loop},
      reading_{loop, read_notices()} {}

LogWatch::Watched::Watched(LogWatch& owner, ContainerPointer container)
    : owner_{owner},
      container_{std::move(container)},
      rotates_{rotates_its_log(*container_)},
      chain_{container_->directory} {
    // Of the directory, not of the file: a rotated log has a new file.
    const std::string& path = container_->directory;
    number_ = check(::inotify_add_watch(owner.inotify_.get(), path.c_str(),
                                        IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR),
                    "inotify_add_watch", path);
    take_new_files();
}

void LogWatch::Watched::take_new_files() {
    if (!rotates_) return;
    try {
        chain_.refresh();
    } catch (const std::exception&) {
        // Being removed, or damaged: who reads the log finds out, and says so.
    }
}

LogWatch::Watched::~Watched() {
    // Fails where the directory was removed: the watch has gone with it.
    ::inotify_rm_watch(owner_.inotify_.get(), number_);
    owner_.by_number_.erase(number_);
    owner_.by_id_.erase(container_->id);
}

std::shared_ptr<LogWatch::Watched> LogWatch::watch(ContainerPointer container) {
    std::weak_ptr<Watched>& known = by_id_[container->id];
    if (auto watched = known.lock()) return watched;
    auto watched = std::make_shared<Watched>(*this, std::move(container));
    known = watched;
    by_number_[watched->number()] = watched;
    return watched;
}

void LogWatch::take_notices(std::string_view notices) {
    while (notices.size() >= sizeof(inotify_event)) {
        inotify_event notice{};
        std::memcpy(&notice, notices.data(), sizeof notice);
        const std::string_view name = notices.substr(sizeof notice, notice.len);
        notices.remove_prefix(sizeof notice + notice.len);
        // The queue was too long: anybody may have missed something.
        const bool all = (notice.mask & IN_Q_OVERFLOW) != 0;
        // The other files of the directory are no business of those who read its log.
        if (!all && !name.starts_with(kLogFile)) continue;
        for (const auto& [number, weak] : by_number_) {
            if (!all && number != notice.wd) continue;
            const auto watched = weak.lock();
            if (!watched) continue;
            if (all || (notice.mask & (IN_MOVED_TO | IN_CREATE)) != 0) watched->take_new_files();
            watched->wake();
        }
    }
}

Task<void> LogWatch::read_notices() {
    alignas(inotify_event) char notices[4096];
    while (true) {
        const auto count = retry([&] { return ::read(inotify_.get(), notices, sizeof notices); });
        if (count > 0) {
            take_notices({notices, static_cast<std::size_t>(count)});
            co_await loop_.breathe();
        } else if (errno == EAGAIN) {
            co_await until_readable(loop_, inotify_.get());
        } else {
            throw SystemError{errno, "read", "inotify"};
        }
    }
}
