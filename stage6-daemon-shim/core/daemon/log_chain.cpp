#include "stage6-daemon-shim/core/daemon/log_chain.hpp"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/log_files.hpp"

// A rotation is a handful of renames: who looks so often has seen it whole. If its shim was killed
// in the middle of one the count stays odd, and what there is counts.
static constexpr int kAttempts = 20;

static std::uint64_t generation_of(std::uint64_t count) {
    return count / 2;
}

static Fd open_if_there(const ContainerDir& directory, unsigned number) {
    try {
        return directory.open_file(log_file(number), O_RDONLY);
    } catch (const SystemError& error) {
        if (error.error() != ENOENT) throw;
        return Fd{};
    }
}

// Opens the file whose number `choose` makes of the newest generation.
template <class Choose>
static LogFilePointer open_chosen(const std::string& path, Choose choose) {
    const ContainerDir directory = ContainerDir::open(path);
    for (int attempt = 1;; ++attempt) {
        const std::uint64_t count = LogCount::read(directory);
        const std::uint64_t newest = generation_of(count);
        const auto number = choose(directory, newest);
        Fd file = number < 0 ? Fd{} : open_if_there(directory, static_cast<unsigned>(number));
        const bool sure = count % 2 == 0 && LogCount::read(directory) == count;
        if (!sure && attempt < kAttempts) {
            ::sched_yield();
            continue;
        }
        if (!file) return nullptr;
        const auto generation = newest - static_cast<std::uint64_t>(number);
        return std::make_shared<LogFile>(LogFile{std::move(file), generation});
    }
}

LogFilePointer open_newest_log_file(const std::string& path) {
    return open_chosen(path, [](const ContainerDir&, std::uint64_t) { return std::int64_t{0}; });
}

LogFilePointer open_oldest_log_file(const std::string& path) {
    return open_chosen(path, [](const ContainerDir& directory, std::uint64_t newest) {
        std::uint64_t number = 0;
        while (number < newest && directory.has(log_file(static_cast<unsigned>(number) + 1))) {
            ++number;
        }
        return static_cast<std::int64_t>(number);
    });
}

LogFilePointer open_log_file(const std::string& path, std::uint64_t generation) {
    return open_chosen(path, [&](const ContainerDir&, std::uint64_t newest) {
        return static_cast<std::int64_t>(newest) - static_cast<std::int64_t>(generation);
    });
}

void LogChain::refresh() {
    const LogFilePointer newest = open_newest_log_file(directory_);
    if (newest && !has_begun_) next_ = newest->generation;
    has_begun_ = true;
    if (!newest) return;
    // Of very many only those that will be kept.
    if (next_ + kFilesMax <= newest->generation) next_ = newest->generation - kFilesMax + 1;
    for (; next_ < newest->generation; ++next_) {
        if (LogFilePointer file = open_log_file(directory_, next_)) files_.push_back(file);
    }
    if (next_ == newest->generation) {
        files_.push_back(newest);
        ++next_;
    }
    while (files_.size() > kFilesMax) files_.pop_front();
}

LogFilePointer LogChain::find(std::uint64_t generation) const {
    const auto found = std::ranges::find_if(
        files_, [&](const auto& file) { return file->generation == generation; });
    return found == files_.end() ? nullptr : *found;
}
