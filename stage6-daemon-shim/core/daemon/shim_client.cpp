#include "stage6-daemon-shim/core/daemon/shim_client.hpp"

#include <unistd.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::size_t kOutcomeBytesMax = 64u << 10;

Task<ShimMessage> ask_shim(EventLoop& loop, ContainerPointer container, std::string request) {
    const ContainerDir directory = ContainerDir::open(container->directory);
    const Fd socket = connect_to_shim(directory);
    const Deadline deadline = Clock::now() + kShimDeadline;
    send_message(socket.get(), request);
    ShimMessage answer;
    while (true) {
        const Received received = receive_message(socket.get(), answer);
        if (received == Received::message) break;
        // It ended while it was asked: its last word is in the exit record.
        if (received == Received::end) throw SystemError{ECONNRESET, "ask the shim", request};
        const Wake wake = co_await loop.readable(socket.get(), deadline);
        if (wake == Wake::timed_out) {
            throw HttpError{500, "the shim of container " + container->id + " does not answer"};
        }
    }
    check_answer(answer);
    co_return answer;
}

Task<ShimOutcome> read_outcome(EventLoop& loop, int fd, Deadline deadline) {
    std::string text;
    char piece[4096];
    while (text.size() < kOutcomeBytesMax) {
        const auto count = retry([&] { return ::read(fd, piece, sizeof piece); });
        if (count == 0) break;
        if (count > 0) {
            text.append(piece, static_cast<std::size_t>(count));
            continue;
        }
        if (errno != EAGAIN) throw SystemError{errno, "read", "the outcome of the start"};
        const Wake wake = co_await loop.readable(fd, deadline);
        if (wake == Wake::timed_out) {
            co_return ShimOutcome{0, StartFailure::engine, "the shim does not come to an end"};
        }
    }
    co_return parse_outcome(text);
}
