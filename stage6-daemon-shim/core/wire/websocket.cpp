#include "stage6-daemon-shim/core/wire/websocket.hpp"

#include <algorithm>
#include <utility>

#include "stage6-daemon-shim/core/wire/digest.hpp"

// Section 1.3: proof that the server has read RFC 6455 rather than echoed a header.
static constexpr std::string_view kMagic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

std::string websocket_accept_key(std::string_view client_key) {
    const auto digest = sha1(std::string{client_key}.append(kMagic));
    return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string websocket_handshake(const RequestHead& request) {
    if (request.method != "GET" || !request.header_has_word("Connection", "upgrade") ||
        !request.header_has_word("Upgrade", "websocket")) {
        throw HttpError{400, "not a WebSocket handshake"};
    }
    if (request.header("Sec-WebSocket-Version") != "13") {
        throw HttpError{426, "unsupported WebSocket version"};
    }
    const std::string_view key = request.header("Sec-WebSocket-Key");
    // 16 bytes in base64.
    if (key.size() != 24 || !key.ends_with("==")) throw HttpError{400, "bad Sec-WebSocket-Key"};
    return websocket_accept_key(key);
}

// How long the header is, as far as its first two bytes tell.
static std::size_t header_length(std::uint8_t second_byte) {
    const std::size_t mask = (second_byte & 0x80) != 0 ? 4 : 0;
    switch (second_byte & 0x7F) {
        case 126: return 4 + mask;
        case 127: return 10 + mask;
        default: return 2 + mask;
    }
}

bool WebSocketDecoder::take_header(std::string_view& input) {
    while (!input.empty()) {
        header_[header_bytes_++] = static_cast<std::uint8_t>(input.front());
        input.remove_prefix(1);
        if (header_bytes_ < 2) continue;
        if (header_bytes_ == 2) check_header();
        if (header_bytes_ < header_length(header_[1])) continue;
        begin_frame();
        return true;
    }
    return false;
}

void WebSocketDecoder::check_header() const {
    const auto refuse = [](const char* what) {
        throw WebSocketError{WebSocketClose::protocol_error, what};
    };
    const bool masked = (header_[1] & 0x80) != 0;
    if (masked != (side_ == Side::server)) refuse("frame with the wrong masking");
    if ((header_[0] & 0x70) != 0) refuse("reserved bit is set");
    switch (static_cast<WebSocketOpcode>(header_[0] & 0x0F)) {
        case WebSocketOpcode::continuation:
            if (!in_message_) refuse("continuation of no message");
            return;
        case WebSocketOpcode::text:
        case WebSocketOpcode::binary:
            if (in_message_) refuse("message within a message");
            return;
        case WebSocketOpcode::close:
        case WebSocketOpcode::ping:
        case WebSocketOpcode::pong:
            if ((header_[0] & 0x80) == 0) refuse("control frame in fragments");
            if ((header_[1] & 0x7F) > 125) refuse("control frame is too long");
            return;
    }
    refuse("unknown opcode");
}

void WebSocketDecoder::begin_frame() {
    const std::size_t masks = side_ == Side::server ? 4 : 0;
    left_ = header_[1] & 0x7Fu;
    if (left_ > 125) {
        const std::uint64_t smallest = left_ == 126 ? 126 : 0x10000;
        left_ = 0;
        for (std::size_t i = 2; i < header_bytes_ - masks; ++i) left_ = left_ << 8 | header_[i];
        if (left_ < smallest || left_ >> 63 != 0) {
            throw WebSocketError{WebSocketClose::protocol_error, "malformed length"};
        }
    }
    const bool is_limited = !is_control() && long_message_ == LongMessage::refused;
    if (is_limited && left_ > message_bytes_max_ - message_.size()) {
        throw WebSocketError{WebSocketClose::too_big, "message is too long"};
    }
    for (std::size_t i = 0; i < masks; ++i) {
        mask_[i] = static_cast<char>(header_[header_bytes_ - masks + i]);
    }
    mask_at_ = 0;
    in_payload_ = true;
}

void WebSocketDecoder::take_payload(std::string_view& input) {
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    std::string& target = is_control() ? control_ : message_;
    const std::size_t begin = target.size();
    target.append(input.substr(0, bytes));
    if (side_ == Side::server) {
        for (std::size_t i = begin; i < target.size(); ++i) {
            target[i] = static_cast<char>(target[i] ^ mask_[mask_at_++ % 4]);
        }
    }
    input.remove_prefix(bytes);
    left_ -= bytes;
}

std::optional<WebSocketMessage> WebSocketDecoder::end_frame() {
    const auto opcode = static_cast<WebSocketOpcode>(header_[0] & 0x0F);
    const bool final_fragment = (header_[0] & 0x80) != 0;
    const bool control = is_control();
    in_payload_ = false;
    header_bytes_ = 0;
    if (control) {
        if (opcode == WebSocketOpcode::close && control_.size() == 1) {
            throw WebSocketError{WebSocketClose::protocol_error, "malformed close"};
        }
        return WebSocketMessage{opcode, std::exchange(control_, {})};
    }
    if (opcode != WebSocketOpcode::continuation) message_opcode_ = opcode;
    in_message_ = !final_fragment;
    if (!final_fragment) return {};
    const bool is_rest = std::exchange(in_pieces_, false);
    return WebSocketMessage{is_rest ? WebSocketOpcode::binary : message_opcode_,
                            std::exchange(message_, {})};
}

std::optional<WebSocketMessage> WebSocketDecoder::next(std::string_view& input) {
    while (in_payload_ || take_header(input)) {
        take_payload(input);
        if (message_.size() > message_bytes_max_) {
            in_pieces_ = true;
            return WebSocketMessage{WebSocketOpcode::binary, std::exchange(message_, {})};
        }
        if (left_ > 0) return {};
        if (auto message = end_frame()) return message;
    }
    return {};
}

void append_websocket_frame(std::string& output, WebSocketOpcode opcode, std::string_view payload,
                            std::optional<std::array<char, 4>> mask) {
    const unsigned masked = mask ? 0x80 : 0;
    output += static_cast<char>(0x80 | static_cast<unsigned>(opcode));
    unsigned length_bytes = 0;
    if (payload.size() < 126) {
        output += static_cast<char>(masked | payload.size());
    } else {
        length_bytes = payload.size() <= 0xFFFF ? 2 : 8;
        output += static_cast<char>(masked | (length_bytes == 2 ? 126u : 127u));
    }
    for (; length_bytes > 0; --length_bytes) {
        output += static_cast<char>(payload.size() >> (8 * (length_bytes - 1)) & 0xFF);
    }
    if (!mask) {
        output += payload;
        return;
    }
    output.append(mask->data(), mask->size());
    for (std::size_t i = 0; i < payload.size(); ++i) {
        output += static_cast<char>(payload[i] ^ (*mask)[i % 4]);
    }
}

std::string websocket_close_payload(WebSocketClose code, std::string_view reason) {
    const auto number = static_cast<std::uint16_t>(code);
    std::string payload{static_cast<char>(number >> 8), static_cast<char>(number & 0xFF)};
    return payload.append(reason.substr(0, 123));
}
