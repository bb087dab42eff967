#include "stage6-daemon-shim/core/client/stream_output.hpp"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/error.hpp"

static constexpr std::size_t kOffsetDigits = 16;
static constexpr std::size_t kGatheredBytesMax = 1u << 20;

static bool is_offset(std::string_view text) {
    return text.size() == kOffsetDigits &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void StreamOutput::feed(std::string bytes) {
    bytes_ = std::move(bytes);
    rest_ = bytes_;
    next_piece();
}

void StreamOutput::next_piece() try {
    piece_ = {};
    if (format_ == StreamFormat::raw) {
        piece_ = std::exchange(rest_, {});
        return;
    }
    while (piece_.empty() && take_frame_piece()) {
    }
} catch (const StreamFrameError& error) {
    throw Failure{error.what()};
}

// Decodes one piece of a frame. False when there is none left.
bool StreamOutput::take_frame_piece() {
    const auto piece = decoder_.next(rest_);
    if (!piece) return false;
    fd_ = piece->type == StreamType::standard_error ? STDERR_FILENO : STDOUT_FILENO;
    const bool is_error = piece->type == StreamType::system_error;
    if (!is_error && !counts_offsets()) {
        piece_ = piece->bytes;
        return true;
    }
    if (frame_.size() + piece->bytes.size() > kGatheredBytesMax) {
        throw Failure{"a frame of more than 1 MiB in the daemon's stream"};
    }
    frame_ += piece->bytes;
    if (decoder_.inside_frame()) return true;
    if (is_error) throw Failure{"error from daemon in stream: " + printable(frame_)};
    end_frame_with_offset();
    return true;
}

// The frame is whole: only now may it be shown, since after a break the stream goes on with whole
// entries.
void StreamOutput::end_frame_with_offset() {
    const std::string_view offset = std::string_view{frame_}.substr(0, kOffsetDigits);
    const bool found =
        is_offset(offset) && frame_.size() > kOffsetDigits && frame_[kOffsetDigits] == ' ';
    if (!found && offset_seen_) throw Failure{"a frame without its offset in the daemon's stream"};
    if (!found) {
        format_ = StreamFormat::frames;
        piece_ = frame_;
        return;
    }
    offset_seen_ = true;
    offset_ = offset;
    piece_ = std::string_view{frame_}.substr(kOffsetDigits + 1);
    if (piece_.empty()) frame_.clear();
}

// Into a file all goes at once: it never makes its writer wait for a reader.
static std::size_t bytes_at_once(int fd, std::size_t bytes) {
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) return bytes;
    return std::min<std::size_t>(bytes, PIPE_BUF);
}

void StreamOutput::write_some() {
    const std::size_t at_once = bytes_at_once(fd_, piece_.size());
    const auto count = retry([&] { return ::write(fd_, piece_.data(), at_once); });
    // Somebody who shares the terminal or pipe with us may have made it non-blocking.
    if (count == -1 && errno == EAGAIN) return;
    check(count, "write", fd_ == STDERR_FILENO ? "standard error" : "standard output");
    piece_.remove_prefix(static_cast<std::size_t>(count));
    if (!piece_.empty()) return;
    frame_.clear();
    next_piece();
}

void StreamOutput::write_all() {
    while (!idle()) {
        pollfd writable{fd_, POLLOUT, 0};
        check(retry([&] { return ::poll(&writable, 1, -1); }), "poll");
        write_some();
    }
}
