// WebSockets (RFC 6455): the handshake's answer, and frames both ways. Pure functions of bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "stage6-daemon-shim/core/wire/http.hpp"

// The value of Sec-WebSocket-Accept for a client's Sec-WebSocket-Key.
std::string websocket_accept_key(std::string_view client_key);

// Checks a request to open a WebSocket and returns the key that the answer carries. Throws
// HttpError 400, or 426 for another version than 13 (answered with `Sec-WebSocket-Version: 13`).
std::string websocket_handshake(const RequestHead& request);

enum class WebSocketOpcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

// What to close a connection with (section 7.4.1).
enum class WebSocketClose : std::uint16_t { normal = 1000, protocol_error = 1002, too_big = 1009 };

class WebSocketError : public std::runtime_error {
public:
    WebSocketError(WebSocketClose code, const char* text) : std::runtime_error{text}, code_{code} {}

    WebSocketClose code() const { return code_; }

private:
    WebSocketClose code_;
};

struct WebSocketMessage {
    WebSocketOpcode opcode;  // text, binary, close, ping or pong
    std::string payload;     // of all fragments; a text is not checked for being UTF-8
};

// Takes messages out of a stream of bytes, however these were cut. A server requires masked
// frames, a client unmasked ones (section 5.1).
class WebSocketDecoder {
public:
    enum class Side { server, client };

    // What becomes of a message of more than `message_bytes_max`: the error too_big, or binary
    // messages of about that size, for a reader to whom it is all one stream.
    enum class LongMessage { refused, in_pieces };

    explicit WebSocketDecoder(Side side, std::size_t message_bytes_max = 1u << 20,
                              LongMessage long_message = LongMessage::refused)
        : side_{side}, message_bytes_max_{message_bytes_max}, long_message_{long_message} {}

    // Takes bytes from the front of the input until a message is whole or none are left.
    // Throws WebSocketError; the stream cannot be read further then.
    std::optional<WebSocketMessage> next(std::string_view& input);

private:
    bool take_header(std::string_view& input);
    void check_header() const;
    void begin_frame();
    void take_payload(std::string_view& input);
    std::optional<WebSocketMessage> end_frame();
    bool is_control() const { return (header_[0] & 0x08) != 0; }

    Side side_;
    std::size_t message_bytes_max_;
    LongMessage long_message_;
    std::array<std::uint8_t, 14> header_{};
    std::size_t header_bytes_ = 0;
    bool in_payload_ = false;
    std::uint64_t left_ = 0;  // bytes of the payload that are still to come
    std::array<char, 4> mask_{};
    std::size_t mask_at_ = 0;
    std::string control_;  // a control frame may stand between two fragments
    std::string message_;
    bool in_message_ = false;  // between the first and the last fragment
    bool in_pieces_ = false;   // a part of it has been given out
    WebSocketOpcode message_opcode_ = WebSocketOpcode::binary;
};

// Appends a whole message as one frame: without a mask from a server, with one from a client.
void append_websocket_frame(std::string& output, WebSocketOpcode opcode, std::string_view payload,
                            std::optional<std::array<char, 4>> mask = {});

// The payload of a close frame. The reason is at most 123 bytes long.
std::string websocket_close_payload(WebSocketClose code, std::string_view reason = {});
