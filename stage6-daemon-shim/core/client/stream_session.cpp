#include "stage6-daemon-shim/core/client/stream_session.hpp"

#include <poll.h>
#include <unistd.h>

StreamSession::StreamSession(HttpConnection stream, bool forwards_input, StreamFormat format,
                             std::string offset)
    : stream_{std::move(stream)}, has_input_{forwards_input}, forwards_input_{forwards_input} {
    output_.emplace(format, std::move(offset));
}

void StreamSession::await_result(HttpConnection result) {
    result_.emplace(std::move(result));
    result_ended_ = false;
    result_text_.clear();
}

void StreamSession::handle_signals(std::function<void(int)> handler) {
    handler_ = std::move(handler);
    signals_.emplace(std::initializer_list<int>{SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
                                                SIGTERM, SIGCONT, SIGTSTP, SIGWINCH});
}

bool StreamSession::stream_to_end() try {
    while (!stream_ended_ || !output_->idle()) step();
    return true;
} catch (const ConnectionLost&) {
    // What has arrived in whole is shown before anything else.
    output_->write_all();
    return false;
}

bool StreamSession::stream_to_result() try {
    while (!stream_ended_ || !output_->idle() || (awaits_result() && !detached_)) step();
    return true;
} catch (const ConnectionLost&) {
    output_->write_all();
    return false;
}

void StreamSession::step() {
    const bool has_buffered =
        (reads_stream() && stream_.has_buffered()) || (awaits_result() && result_->has_buffered());
    const bool wants_input = forwards_input_ && typed_.empty();
    pollfd ready[] = {{reads_stream() ? stream_.fd() : -1, POLLIN, 0},
                      {output_->idle() ? -1 : output_->fd(), POLLOUT, 0},
                      {wants_input ? STDIN_FILENO : -1, POLLIN, 0},
                      {typed_.empty() || stream_ended_ ? -1 : input_stream().fd(), POLLOUT, 0},
                      {awaits_result() ? result_->fd() : -1, POLLIN, 0},
                      {signals_ ? signals_->get() : -1, POLLIN, 0}};
    const int timeout = has_buffered ? 0 : -1;
    check(retry([&] { return ::poll(ready, std::size(ready), timeout); }), "poll");
    if (ready[5].revents != 0) handler_(static_cast<int>(signals_->next().ssi_signo));
    if (ready[2].revents != 0) read_input();
    if (ready[3].revents != 0) send_input();
    if (ready[4].revents != 0 || (awaits_result() && result_->has_buffered())) receive_result();
    if (ready[1].revents != 0) {
        output_->write_some();
    } else if (reads_stream() && (ready[0].revents != 0 || stream_.has_buffered())) {
        receive_output();
    }
}

void StreamSession::receive_output() {
    received_.clear();
    if (stream_.receive(received_)) {
        output_->feed(std::move(received_));
        return;
    }
    stream_ended_ = true;
    // What is typed is kept: if it was the daemon that ended, the next one gets it.
    forwards_input_ = false;
}

void StreamSession::receive_result() {
    result_ended_ = !result_->receive(result_text_);
}

void StreamSession::read_input() {
    char piece[16 * 1024];
    const auto count = retry([&] { return ::read(STDIN_FILENO, piece, sizeof piece); });
    if (count == -1 && errno == EAGAIN) return;
    // EIO is a terminal's way to say that we are in the background for good.
    const bool ended = count == 0 || (count == -1 && errno == EIO);
    if (!ended) {
        typed_.assign(piece, static_cast<std::size_t>(check(count, "read", "standard input")));
        if (!detach_keys_) return;
        typed_ = detach_keys_->pass(typed_);
        if (!detach_keys_->pressed()) return;
        detached_ = stream_ended_ = true;
        forwards_input_ = false;
        typed_.clear();
        return;
    }
    forwards_input_ = false;
    input_ended_ = true;
    input_stream().end_sending();
}

void StreamSession::send_input() {
    try {
        typed_.erase(0, input_stream().send_some(typed_));
    } catch (const ConnectionLost&) {
        // Nobody reads it any more. What that means the other direction tells.
        forwards_input_ = false;
        typed_.clear();
    }
}

void StreamSession::resume(HttpConnection output, HttpConnection result,
                           std::optional<HttpConnection> input) {
    stream_ = std::move(output);
    stream_ended_ = false;
    const std::string offset = output_->offset();
    output_.emplace(StreamFormat::frames_with_offset, offset);
    await_result(std::move(result));
    input_ = std::move(input);
    forwards_input_ = input_ && !input_ended_;
    if (input_ && input_ended_) input_->end_sending();
}
