#include "stage6-daemon-shim/core/loop/stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "common/error.hpp"

static constexpr std::size_t kBufferBytes = 4 * 1024;       // of a connection with small requests
static constexpr std::size_t kBufferBytesBulk = 64 * 1024;  // of one that keeps it full

Stream::Stream(EventLoop& loop, Fd fd, Kind kind)
    : loop_{loop}, fd_{std::move(fd)}, watch_{loop, fd_.get()}, kind_{kind} {}

void Stream::make_room() {
    const bool was_full = end_ == buffer_.size();
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (!was_full || buffer_.size() >= kBufferBytesBulk) return;
        buffer_.resize(std::max(kBufferBytes, 2 * buffer_.size()));
        return;
    }
    if (!was_full) return;
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
        return;
    }
    buffer_.resize(2 * buffer_.size());
}

Task<ReadResult> Stream::fill(Deadline deadline) {
    co_await loop_.breathe();
    while (true) {
        const Wake wake = co_await watch_.readable(deadline);
        if (wake == Wake::timed_out) co_return ReadResult::timed_out;
        make_room();
        const std::size_t room = buffer_.size() - end_;
        const ssize_t count = ::read(fd_.get(), buffer_.data() + end_, room);
        if (count > 0) {
            if (told_) told_->from_client({&buffer_[end_], static_cast<std::size_t>(count)});
            end_ += static_cast<std::size_t>(count);
            if (static_cast<std::size_t>(count) < room) watch_.drained();
            co_return ReadResult::data;
        }
        if (count == 0 || errno == ECONNRESET) {
            if (told_) told_->client_ended();
            co_return ReadResult::end;
        }
        if (errno == EAGAIN) {
            watch_.drained();
        } else if (errno != EINTR) {
            throw SystemError{errno, "read", "stream"};
        }
    }
}

// Cuts off the front what the kernel takes. True when all is written, false when it takes no more
// for now.
bool Stream::write_some(Pieces& pieces) {
    while (true) {
        std::array<iovec, 3> vectors{};
        std::size_t count = 0;
        for (const std::string_view piece : pieces) {
            if (!piece.empty()) {
                vectors[count++] = {const_cast<char*>(piece.data()), piece.size()};
            }
        }
        if (count == 0) return true;
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = count;
        const ssize_t written = kind_ == Kind::socket
                                    ? ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL)
                                    : ::writev(fd_.get(), vectors.data(), static_cast<int>(count));
        if (written == -1) {
            if (errno == EINTR) continue;
            if (errno == EPIPE || errno == ECONNRESET) throw PeerGone{};
            if (errno != EAGAIN) throw SystemError{errno, "write", "stream"};
            watch_.filled();
            return false;
        }
        auto left = static_cast<std::size_t>(written);
        for (std::string_view& piece : pieces) {
            const std::size_t taken = std::min(left, piece.size());
            if (told_ && taken > 0) told_->from_daemon(piece.substr(0, taken));
            piece.remove_prefix(taken);
            left -= taken;
        }
    }
}

Task<void> Stream::write_pieces(Pieces pieces) {
    co_await loop_.breathe();
    while (!write_some(pieces)) co_await watch_.writable();
}

Task<void> Stream::write(std::string_view bytes) {
    return write_pieces({bytes, {}, {}});
}

void Stream::shutdown_write() {
    // An error means that there is nobody any more to see the end.
    ::shutdown(fd_.get(), SHUT_WR);
    if (told_) told_->daemon_ended();
}
