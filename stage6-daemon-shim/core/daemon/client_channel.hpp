// A client's end of an attach or an exec, whichever way it speaks: bytes as they are, Docker's
// stream frames, or a WebSocket.
#pragma once

#include <string>
#include <string_view>

#include "stage6-daemon-shim/core/loop/stream.hpp"
#include "stage6-daemon-shim/core/wire/stream_frames.hpp"
#include "stage6-daemon-shim/core/wire/websocket.hpp"

class ClientChannel {
public:
    enum class Form { raw, framed, websocket };

    // Borrows a stream that the handler has hijacked.
    ClientChannel(Stream& stream, Form form);

    Form form() const { return form_; }

    // One piece of output. Tasks take turns. What a client that has gone does not get is dropped.
    Task<void> send(StreamType type, std::string_view bytes);
    // The same for what is in frames already, where the form has any.
    Task<void> send_framed(std::string_view bytes);

    // More of what the client sends, in input() until the next call. `ended`: the client has closed
    // its half, or said {"stdin_eof": true} in a text message, and goes on listening. `gone`: it
    // has closed the WebSocket, or the connection broke.
    enum class Received { data, ended, gone };
    Task<Received> receive();
    std::string_view input() const { return input_; }

    // Whether the end of input was said in words rather than by the end of a stream.
    bool said_end() const { return said_end_; }

    // Says farewell where the form has a word for it.
    Task<void> farewell();

private:
    Task<void> write(std::string_view head, std::string_view bytes);
    Task<void> wait_until_head_is_read();
    Task<Received> take_messages();

    // A client may put all of its input into one message.
    static constexpr std::size_t kPieceBytesMax = 64u << 10;

    Stream& stream_;
    Form form_;
    WebSocketDecoder decoder_{WebSocketDecoder::Side::server, kPieceBytesMax,
                              WebSocketDecoder::LongMessage::in_pieces};
    std::string input_;
    bool said_end_ = false;
    bool head_is_read_ = false;
    bool gone_ = false;
    bool writing_ = false;
    Event turn_;
};
