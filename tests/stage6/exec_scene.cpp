#include "tests/stage6/exec_scene.hpp"

#include <poll.h>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "stage6-daemon-shim/core/wire/websocket.hpp"

std::string create_exec(const EngineScene& scene, const std::string& name,
                        const std::vector<std::string>& command,
                        const std::function<void(Json&)>& change) {
    Json body = Json::object({{"AttachStdin", true},
                              {"AttachStdout", true},
                              {"AttachStderr", true},
                              {"Cmd", Json::array(command)}});
    if (change) change(body);
    const Answer answer = scene.request("POST", "/containers/" + name + "/exec", body.text());
    INFO(answer);
    REQUIRE(answer.status == 201);
    return answer.json().find("Id")->as_string();
}

Talk start_exec(const EngineScene& scene, const std::string& id, bool terminal) {
    Talk talk{scene.socket()};
    const Json body = Json::object({{"Detach", false}, {"Tty", terminal}});
    talk.request("POST", "/exec/" + id + "/start", kUpgradeHeaders, body.text());
    const std::string head = talk.read_head();
    INFO(head);
    REQUIRE(head.starts_with("HTTP/1.1 101 "));
    return talk;
}

int exec_code(const EngineScene& scene, const std::string& id) {
    const Answer answer = scene.request("GET", "/exec/" + id + "/json");
    INFO(answer);
    REQUIRE(answer.status == 200);
    const Json inspected = answer.json();
    CHECK_FALSE(inspected.find("Running")->as_bool());
    return static_cast<int>(inspected.find("ExitCode")->as_integer());
}

ExecEnd exec_to_end(const EngineScene& scene, const std::string& name,
                    const std::vector<std::string>& command, const std::string& input,
                    const std::function<void(Json&)>& change) {
    const std::string id = create_exec(scene, name, command, change);
    Talk talk = start_exec(scene, id);
    const std::string received = feed_and_read(talk, input);
    return {split_streams(received), exec_code(scene, id)};
}

// Sends it all, and takes what comes meanwhile. Throws when nobody reads it.
static void send_while_reading(Talk& talk, std::string_view bytes) {
    const std::chrono::milliseconds deadline = patient(std::chrono::seconds{40});
    while (!bytes.empty()) {
        pollfd ready{talk.fd(), POLLIN | POLLOUT, 0};
        REQUIRE(::poll(&ready, 1, static_cast<int>(deadline.count())) == 1);
        if (ready.revents & POLLIN) talk.read_more();
        if (ready.revents & POLLOUT) bytes.remove_prefix(send_some(talk.fd(), bytes));
    }
}

std::string feed_and_read(Talk& talk, std::string_view input) {
    send_while_reading(talk, input);
    talk.end_sending();
    return talk.read_to_end();
}

static constexpr std::array<char, 4> kMask = {'m', 'a', 's', 'k'};

WebSocketTalk::WebSocketTalk(const EngineScene& scene, const std::string& path)
    : talk_{scene.socket()} {
    talk_.request("GET", path,
                  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    const std::string head = talk_.read_head();
    INFO(head);
    REQUIRE(head.starts_with("HTTP/1.1 101 "));
    CHECK(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos);
}

void WebSocketTalk::send_data(std::string_view bytes) {
    std::string frame;
    append_websocket_frame(frame, WebSocketOpcode::binary, bytes, kMask);
    send_while_reading(talk_, frame);
}

void WebSocketTalk::send_text(std::string_view text) {
    std::string frame;
    append_websocket_frame(frame, WebSocketOpcode::text, text, kMask);
    talk_.send(frame);
}

std::string WebSocketTalk::read_to_end() {
    const std::string bytes = talk_.read_to_end();
    std::string_view rest = bytes;
    WebSocketDecoder decoder{WebSocketDecoder::Side::client};
    std::string data;
    while (auto message = decoder.next(rest)) {
        if (message->opcode == WebSocketOpcode::close) return data;
        CHECK(message->opcode == WebSocketOpcode::binary);
        data += message->payload;
    }
    throw Failure{"the server did not close the WebSocket"};
}
