#include "stage6-daemon-shim/core/wire/websocket.hpp"

#include "stage6-daemon-shim/core/wire/digest.hpp"
#include "tests/support/testing.hpp"

using Side = WebSocketDecoder::Side;

static std::string hex(std::string_view message) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const unsigned byte : sha1(message)) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

TEST_CASE("SHA-1 and base64 agree with their standards", "[stage6][websocket]") {
    CHECK(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK(hex(std::string(1000000, 'a')) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64("\xff\xfe\xfd") == "//79");
}

TEST_CASE("the handshake of a WebSocket is answered as RFC 6455 shows", "[stage6][websocket]") {
    const auto handshake = [](const std::string& headers) {
        RequestHead head;
        parse_request_head("GET /x HTTP/1.1\r\nHost: d\r\n" + headers + "\r\n", head);
        return websocket_handshake(head);
    };
    const std::string upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
    const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const std::string version = "Sec-WebSocket-Version: 13\r\n";
    CHECK(handshake(upgrade + key + version) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK_THROWS_AS(handshake(key + version), HttpError);
    CHECK_THROWS_AS(handshake(upgrade + version), HttpError);
    CHECK_THROWS_WITH(handshake(upgrade + key + "Sec-WebSocket-Version: 8\r\n"),
                      "unsupported WebSocket version");
}

// "opcode:payload" for each message, or the code of the close.
using LongMessage = WebSocketDecoder::LongMessage;
static std::string decoded(std::string_view bytes, std::size_t piece, Side side,
                           std::size_t bytes_max = 1u << 20,
                           LongMessage long_message = LongMessage::refused) {
    WebSocketDecoder decoder{side, bytes_max, long_message};
    std::string text;
    try {
        while (!bytes.empty()) {
            std::string_view input = bytes.substr(0, piece);
            bytes.remove_prefix(input.size());
            while (const auto message = decoder.next(input)) {
                text += std::to_string(static_cast<int>(message->opcode)) + ":" + message->payload +
                        ";";
            }
        }
    } catch (const WebSocketError& error) {
        text += std::to_string(static_cast<int>(error.code()));
    }
    return text;
}

static std::string decoded(std::string_view bytes, Side side = Side::client) {
    const std::string whole = decoded(bytes, bytes.size(), side);
    for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
        CHECK(decoded(bytes, piece, side) == whole);
    }
    return whole;
}

TEST_CASE("the frames of RFC 6455's examples are decoded at every cut", "[stage6][websocket]") {
    using std::string_literals::operator""s;
    CHECK(decoded("\x81\x05Hello") == "1:Hello;");
    CHECK(decoded("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", Side::server) == "1:Hello;");
    CHECK(decoded("\x01\x03Hel\x80\x02lo") == "1:Hello;");
    CHECK(decoded("\x02\x03Hel\x89\x01p\x80\x02lo") == "9:p;2:Hello;");
    CHECK(decoded("\x82\x00\x82\x01x"s) == "2:;2:x;");
    CHECK(decoded("\x88\x00"s) == "8:;");
    const std::string payload(256, 'x');
    CHECK(decoded("\x82\x7e\x01\x00"s + payload) == "2:" + payload + ";");
}

TEST_CASE("frames that break the rules end a WebSocket", "[stage6][websocket]") {
    using std::string_literals::operator""s;
    CHECK(decoded("\x81\x05Hello", Side::server) == "1002");
    CHECK(decoded("\x81\x85\x01\x02\x03\x04Hello") == "1002");
    CHECK(decoded("\xc1\x01x") == "1002");
    CHECK(decoded("\x83\x01x") == "1002");
    CHECK(decoded("\x80\x01x") == "1002");
    CHECK(decoded("\x01\x01x\x01\x01x") == "1002");
    CHECK(decoded("\x09\x01x") == "1002");
    CHECK(decoded("\x89\x7e\x00\x7e"s) == "1002");
    CHECK(decoded("\x88\x01x") == "1002");
    CHECK(decoded("\x82\x7e\x00\x05"s) == "1002");
    CHECK(decoded("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"s) == "1002");
    CHECK(decoded("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"s) == "1002");
    CHECK(decoded("\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01"s) == "1009");
    CHECK(decoded("\x02\x03xyz\x80\x02xy", 99, Side::client, 4) == "1009");
    CHECK(decoded("\x02\x03xyz\x80\x01x", 99, Side::client, 4) == "2:xyzx;");
}

TEST_CASE("what is encoded for a WebSocket is decoded again", "[stage6][websocket]") {
    for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 100000u}) {
        std::string payload(size, '\0');
        for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 7);
        std::string output;
        append_websocket_frame(output, WebSocketOpcode::binary, payload);
        CHECK(decoded(output, 4096, Side::client) == "2:" + payload + ";");
        std::string masked;
        append_websocket_frame(masked, WebSocketOpcode::binary, payload,
                               {{'\x01', '\xff', 'a', 'b'}});
        CHECK(decoded(masked, 4096, Side::server) == "2:" + payload + ";");
    }
    CHECK(websocket_close_payload(WebSocketClose::normal, "bye") ==
          "\x03\xe8"
          "bye");
}

TEST_CASE("a reader of one stream gets a long message in pieces, whatever it was",
          "[stage6][websocket]") {
    const auto pieces = [](std::string_view bytes, std::size_t piece) {
        return decoded(bytes, piece, Side::client, 4, LongMessage::in_pieces);
    };
    CHECK(pieces("\x02\x03xyz\x80\x02uv", 99) == "2:xyzuv;2:;");
    CHECK(pieces("\x81\x08"
                 "abcdefgh\x81\x02hi",
                 3) == "2:abcdefg;2:h;1:hi;");
    CHECK(pieces("\x01\x05"
                 "abcde\x89\x01p\x80\x01"
                 "f\x81\x04"
                 "ghij",
                 99) == "2:abcde;9:p;2:f;1:ghij;");
}
