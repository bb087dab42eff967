// What is said on a connection, written down: however the bytes were cut.
#include "stage6-daemon-shim/core/transcript/conversation.hpp"

#include "common/file.hpp"
#include "stage6-daemon-shim/core/transcript/wire_text.hpp"
#include "tests/support/testing.hpp"

struct Said {
    bool by_client;
    std::string bytes;
};

// In pieces of so many bytes.
static std::string written_down(const std::vector<Said>& all, std::size_t piece_bytes = 1 << 20) {
    const std::string path = temporary_directory() + "/wire";
    WireLog log{path};
    const auto conversation = log.begin();
    for (const auto& [by_client, bytes] : all) {
        for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
            const std::string_view piece = std::string_view{bytes}.substr(at, piece_bytes);
            if (by_client) {
                conversation->from_client(piece);
            } else {
                conversation->from_daemon(piece);
            }
        }
    }
    conversation->client_ended();
    return read_file(path);
}

static std::string frame_of(StreamType type, std::string_view bytes) {
    std::string frame;
    append_stream_frame(frame, type, bytes);
    return frame;
}

static const std::string kUpgrade =
    "POST /attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n";

TEST_CASE("a request and its answer are written down, however they were cut", "[stage6][show]") {
    const std::vector<Said> talk = {
        {true,
         "POST /a?b=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 21\r\n"
         "Content-Type: application/json\r\n\r\n{\"Image\":\"h\",\"Cmd\":[]}"},
        {false,
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
         "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"a\":1}\n\r\n7\r\n{\"b\":2}\r\n0\r\n\r\n"}};
    std::vector<Said> right = talk;
    right[0].bytes.replace(right[0].bytes.find("21"), 2, "22");
    const std::string expected =
        "1 -> POST /a?b=1 HTTP/1.1\n       Host: x\n       Content-Length: 22\n"
        "       Content-Type: application/json\n"
        "1 -> {\n         \"Image\": \"h\",\n         \"Cmd\": []\n     }\n"
        "1 <- HTTP/1.1 200 OK\n       Content-Type: application/json\n"
        "       Transfer-Encoding: chunked\n"
        "1 <- {\n         \"a\": 1\n     }\n1 <- {\n         \"b\": 2\n     }\n1 -> end\n";
    for (const std::size_t piece : {1u, 2u, 7u, 4096u})
        CHECK(written_down(right, piece) == expected);
}

TEST_CASE("what follows an upgrade is shown as the frames that it is", "[stage6][show]") {
    const std::string text = written_down(
        {{true, kUpgrade},
         {false, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"},
         {false, frame_of(StreamType::standard_output, "hello world\n")},
         {true, "typed\n"},
         {false, frame_of(StreamType::standard_error, std::string(200, 'x'))}});
    CHECK(text.find("1 <- stdout 12 bytes \"hello world\\n\"\n") != std::string::npos);
    CHECK(text.find("1 -> stdin 6 bytes \"typed\\n\"\n") != std::string::npos);
    CHECK(text.find("1 <- stderr 200 bytes \"" + std::string(80, 'x') + "\"...\n") !=
          std::string::npos);
}

TEST_CASE("a terminal's stream is shown as the bytes that it is", "[stage6][show]") {
    const std::string text = written_down({{true, kUpgrade},
                                           {false, "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n"},
                                           {false, "\x1b[1m$ \r\n"}});
    CHECK(text.find("1 <- 8 bytes \"\\x1b[1m$ \\r\\n\"\n") != std::string::npos);
}

TEST_CASE("the messages of a WebSocket are shown", "[stage6][show]") {
    std::string typed, answer;
    append_websocket_frame(typed, WebSocketOpcode::text, R"({"stdin_eof":true})",
                           std::array<char, 4>{1, 2, 3, 4});
    append_websocket_frame(answer, WebSocketOpcode::binary, "bytes");
    const std::string text = written_down(
        {{true, "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
         {false, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"},
         {true, typed},
         {false, answer}},
        3);
    CHECK(text.find("1 -> text 18 bytes \"{\\\"stdin_eof\\\":true}\"\n") != std::string::npos);
    CHECK(text.find("1 <- binary 5 bytes \"bytes\"\n") != std::string::npos);
}

TEST_CASE("what is no HTTP is shown as bytes and disturbs nobody", "[stage6][show]") {
    const std::string text = written_down({{true, "\x01\x02 nonsense\r\n\r\n"}, {true, "more"}});
    CHECK(text.find("1 -> not understood: ") == 0);
    CHECK(text.find("4 bytes \"more\"\n") != std::string::npos);
    CHECK(text.find('\x01') == std::string::npos);
}

TEST_CASE("JSON is shortened, and what is cut is counted", "[stage6][show]") {
    CHECK(json_text("[1,2,3,4,5,6,7,8,9,10]").find("\"... 2 more\"") != std::string::npos);
    CHECK(json_text("\"" + std::string(500, 'x') + "\"").find("x... (500 bytes)") !=
          std::string::npos);
    const std::string many = json_text(R"({"a":1,"b":0,"c":"","d":[],"e":{},"f":null,"g":false,)"
                                       R"("h":0.0,"i":"kept"})");
    CHECK(many.find("\"b\"") == std::string::npos);
    CHECK(many.find("\"i\": \"kept\"") != std::string::npos);
    CHECK(many.find("\"...\": \"6 empty\"") != std::string::npos);
    CHECK(json_text("no JSON").starts_with("7 bytes"));
}
