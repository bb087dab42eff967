// The files of one container's log, as they are opened while the shim renames them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "common/fd.hpp"

// One that is held open: its bytes stay readable whatever becomes of its name.
struct LogFile {
    Fd file;
    std::uint64_t generation = 0;  // of two files the newer has the higher one; see LogCount
};
using LogFilePointer = std::shared_ptr<const LogFile>;

// `directory` is the container's. Nothing where there is no such file, or no file yet. Throw
// Failure where it is no regular file, SystemError.
LogFilePointer open_newest_log_file(const std::string& directory);
LogFilePointer open_oldest_log_file(const std::string& directory);
LogFilePointer open_log_file(const std::string& directory, std::uint64_t generation);

// What those who follow a log share: the newest files, so that a slow one still finds what is no
// more on the disk.
class LogChain {
public:
    static constexpr std::size_t kFilesMax = 8;

    // Begins with the newest that there is, or with the first that there will be.
    explicit LogChain(std::string directory) : directory_{std::move(directory)} {}

    // Opens those that have come since the last time. Throws as above.
    void refresh();

    // Nothing where it is not, or not any more, among them.
    LogFilePointer find(std::uint64_t generation) const;

private:
    std::string directory_;
    std::deque<LogFilePointer> files_;  // the newest last
    std::uint64_t next_ = 0;            // what is to be opened next
    bool has_begun_ = false;
};
