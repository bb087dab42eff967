// A socket or a pipe that tasks read and write, with a buffer for what was read.
#pragma once

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/loop/event_loop.hpp"
#include "stage6-daemon-shim/core/transcript/conversation.hpp"

// The other end was closed: what was to be written has no reader.
class PeerGone : public std::runtime_error {
public:
    PeerGone() : std::runtime_error{"the other end is closed"} {}
};

enum class ReadResult { data, end, timed_out };

class Stream {
public:
    enum class Kind { socket, pipe };

    // The descriptor must be non-blocking. A program that writes to pipes must ignore SIGPIPE.
    Stream(EventLoop& loop, Fd fd, Kind kind = Kind::socket);

    // What was read and not consumed yet; until the next fill() or consume().
    std::string_view buffered() const {
        return std::string_view{buffer_}.substr(begin_, end_ - begin_);
    }
    void consume(std::size_t bytes) { begin_ += bytes; }

    // Waits for more bytes and reads them into the buffer, which grows only when unconsumed bytes
    // fill it: its limit is the caller's. `end`: nothing more will come. One task at a time.
    Task<ReadResult> fill(Deadline deadline = kNever);

    // Writes all; the bytes must stay where they are until it has ended. One task at a time.
    // Throws PeerGone or SystemError.
    using Pieces = std::array<std::string_view, 3>;
    Task<void> write(std::string_view bytes);
    Task<void> write_pieces(Pieces pieces);

    // The reader sees the end of the stream; reading goes on (shutdown(2)).
    void shutdown_write();

    bool gone() const { return watch_.gone(); }
    void cancel_when_gone(TaskId task) { watch_.cancel_when_gone(task); }

    // From now on what is read and written is told there too: the other end is a client.
    void tell(std::unique_ptr<Conversation> told) { told_ = std::move(told); }

    int fd() const { return fd_.get(); }
    EventLoop& loop() const { return loop_; }

private:
    void make_room();
    bool write_some(Pieces& pieces);

    EventLoop& loop_;
    Fd fd_;
    Watch watch_;  // declared after the descriptor, gone before it
    Kind kind_;
    std::unique_ptr<Conversation> told_;
    std::string buffer_;  // as large as there is room
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};
