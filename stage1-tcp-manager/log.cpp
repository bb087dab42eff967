#include "stage1-tcp-manager/log.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"

// Standard output in a form that never blocks. O_NONBLOCK belongs to the open file, which we share
// with our shell: so a pipe or a terminal is opened once more (proc(5), /proc/PID/fd). A file on a
// disk does not block.
Log::Log() {
    struct stat status {};
    check(::fstat(STDOUT_FILENO, &status), "fstat", "standard output");
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
        const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        output_ = Fd{::open("/proc/self/fd/1", flags)};
    }
    if (output_) return;
    // Not ours to open, another user's pipe perhaps, or a socket: taken as it is, and asked first.
    output_ = Fd{check(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), "dup", "standard output")};
    may_block_ = !S_ISREG(status.st_mode);
}

bool Log::has_room() const {
    if (!may_block_) return true;
    pollfd output{output_.get(), POLLOUT, 0};
    return ::poll(&output, 1, 0) == 1;
}

void Log::add(std::string_view line) {
    if (lines_.size() + line.size() > kLogBytesMax) {
        ++lines_lost_;
        return;
    }
    if (lines_lost_ > 0) {
        lines_.append("(" + std::to_string(lines_lost_) + " lines of this log were lost)\n");
        lines_lost_ = 0;
    }
    lines_.append(line).append("\n");
}

bool Log::flush() {
    while (!lines_.empty()) {
        if (!has_room()) return false;
        // So much is written whole when there is room at all (pipe(7), PIPE_BUF).
        const std::size_t size =
            may_block_ ? std::min<std::size_t>(lines_.size(), PIPE_BUF) : lines_.size();
        const auto count = retry([&] { return ::write(output_.get(), lines_.data(), size); });
        if (count == -1 && errno == EAGAIN) return false;
        if (count == -1) {
            const SystemError error{errno, "write", "standard output", "the service goes on"};
            if (!warned_) report_failure("stage1-tcp-manager", error, 0);
            warned_ = true;
            lines_lost_ += static_cast<std::size_t>(std::ranges::count(lines_, '\n'));
            lines_.clear();
            return true;
        }
        lines_.erase(0, static_cast<std::size_t>(count));
    }
    return true;
}
