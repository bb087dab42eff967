// WebSocket frames: however the bytes were cut, the same messages or the same refusal, on either
// side; what was framed comes out, with a mask or without; no message is larger than its limit.
#include "stage6-daemon-shim/core/wire/websocket.hpp"
#include "tests/fuzz/fuzz.hpp"

using Side = WebSocketDecoder::Side;

static constexpr std::size_t kMessageBytesMax = 300;

// Each message as a line, and in the end the refusal.
static std::string decode(Side side, const std::vector<std::string_view>& pieces) {
    WebSocketDecoder decoder{side, kMessageBytesMax};
    std::string told;
    try {
        for (std::string_view rest : pieces) {
            while (const auto message = decoder.next(rest)) {
                hold(message->payload.size() <= kMessageBytesMax, "a message has its limit");
                const bool control = message->opcode >= WebSocketOpcode::close;
                hold(!control || message->payload.size() <= 125, "a control frame is small");
                told += std::to_string(static_cast<int>(message->opcode)) + " " + message->payload;
                told += "\n";
            }
            hold(rest.empty(), "all is taken");
        }
    } catch (const WebSocketError& error) {
        told += "refused " + std::to_string(static_cast<int>(error.code()));
    }
    return told;
}

static void check_round_trip(std::string_view payload, std::array<char, 4> mask, std::size_t cut) {
    for (const Side side : {Side::server, Side::client}) {
        const auto wanted = side == Side::server ? std::optional{mask} : std::nullopt;
        std::string frames, expected;
        for (const auto opcode : {WebSocketOpcode::binary, WebSocketOpcode::text}) {
            append_websocket_frame(frames, opcode, payload, wanted);
            expected += std::to_string(static_cast<int>(opcode)) + " " + std::string{payload};
            expected += "\n";
        }
        for (const auto& pieces : cuttings(frames, cut)) {
            hold(decode(side, pieces) == expected, "what was framed comes out");
        }
    }
}

void check_input(std::string_view input) {
    Choices choices{input};
    const std::size_t cut = choices.below(64);
    std::array<char, 4> mask{};
    for (char& byte : mask) byte = static_cast<char>(choices.byte());
    for (const Side side : {Side::server, Side::client}) {
        const auto all = cuttings(input, cut);
        const std::string whole = decode(side, all[0]);
        for (const auto& pieces : all) hold(decode(side, pieces) == whole, "cuts change nothing");
    }
    check_round_trip(input.substr(0, kMessageBytesMax), mask, cut);
}
