// The loop between our three standard streams, our signals and the daemon's connections.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/process.hpp"
#include "stage6-daemon-shim/core/client/detach_keys.hpp"
#include "stage6-daemon-shim/core/client/http_connection.hpp"
#include "stage6-daemon-shim/core/client/stream_output.hpp"

class StreamSession {
public:
    // `stream` is what came of an upgrade. Its output is shown; our standard input is sent to it
    // where `forwards_input`, and its end is passed on by ending the sending side. For `format` and
    // `offset` see StreamOutput.
    StreamSession(HttpConnection stream, bool forwards_input, StreamFormat format,
                  std::string offset = {});

    // Of a terminal: keys that end the session, and are not sent.
    void detach_at(DetachKeys keys) { detach_keys_ = std::move(keys); }
    bool detached() const { return detached_; }

    // An answer that is awaited beside the stream; result() is its body.
    void await_result(HttpConnection result);

    // From here on signals that would end or stop us are kept for `handler`, which is called
    // while we stream; all but those that Docker's client leaves alone too: CHLD, PIPE and URG.
    void handle_signals(std::function<void(int)> handler);

    // Streams until the stream has ended, or we are detached(), and all of it is written. False
    // when the daemon is gone. Throws Failure (see StreamOutput), SystemError, and what the handler
    // of signals throws.
    bool stream_to_end();

    // The same until the result has come as well; not so when we are detached().
    bool stream_to_result();

    // When the daemon is gone: whether one can go on with other connections, for the rest of the
    // output, for the result, and for input or its end, which the old daemon may not have passed
    // on any more.
    bool can_resume() const { return output_->counts_offsets() && !output_->offset().empty(); }
    const std::string& offset() const { return output_->offset(); }
    bool needs_input() const { return has_input_; }
    bool input_ended() const { return input_ended_; }
    void resume(HttpConnection output, HttpConnection result, std::optional<HttpConnection> input);

    const std::string& result() const { return result_text_; }

private:
    void step();
    bool reads_stream() const { return !stream_ended_ && output_->idle(); }
    bool awaits_result() const { return result_ && !result_ended_; }
    void receive_output();
    void receive_result();
    void read_input();
    void send_input();
    HttpConnection& input_stream() { return input_ ? *input_ : stream_; }

    HttpConnection stream_;
    std::optional<HttpConnection> input_;  // where input does not go to stream_
    std::optional<HttpConnection> result_;
    std::optional<StreamOutput> output_;
    std::optional<SignalFd> signals_;
    std::function<void(int)> handler_;
    std::optional<DetachKeys> detach_keys_;
    std::string received_, typed_, result_text_;
    const bool has_input_;
    bool forwards_input_;
    bool input_ended_ = false;  // and its end is passed on
    bool detached_ = false;
    bool stream_ended_ = false;
    bool result_ended_ = false;
};
