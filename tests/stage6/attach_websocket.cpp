// attach over a WebSocket: the article's, and Docker's.
#include "tests/stage6/exec_scene.hpp"

static void allow_input(Json& body) {
    body["OpenStdin"] = true;
}

static const std::string kAll = "/containers/web/attach/ws?stream=1&stdin=1&stdout=1&stderr=1";

TEST_CASE("attach over a WebSocket carries bytes both ways", "[stage6][exec]") {
    for (const char* family : {"orchestrator", "slipway"}) {
        EngineScene scene{family};
        scene.create("web", {"cat"}, allow_input);
        WebSocketTalk talk{scene, kAll};
        scene.start("web");
        std::string bytes;
        for (int i = 0; i < 1'000'000; ++i) bytes += static_cast<char>(i * 7 + i / 256);
        talk.send_data(std::string_view{bytes}.substr(0, 300'000));
        talk.send_data(std::string_view{bytes}.substr(300'000));
        talk.send_text(R"({"stdin_eof":true})");
        CHECK((talk.read_to_end() == bytes));
        CHECK(scene.exit_code("web") == 0);
    }
}

TEST_CASE("a text that is not the word for the end is input", "[stage6][exec]") {
    EngineScene scene;
    scene.create("web", {"cat"}, allow_input);
    WebSocketTalk talk{scene, kAll};
    scene.start("web");
    talk.send_text(R"({"stdin_eof":false})");
    talk.send_text("plain words");
    talk.send_text(R"({"stdin_eof":true})");
    CHECK(talk.read_to_end() == R"({"stdin_eof":false}plain words)");
}

TEST_CASE("a WebSocket that is closed leaves the container as it is", "[stage6][exec]") {
    EngineScene scene;
    scene.run_detached("web", {"sh", "-c", "read line; echo got $line"}, allow_input);
    { WebSocketTalk talk{scene, kAll}; }
    WebSocketTalk talk{scene, kAll};
    talk.send_data("this\n");
    CHECK(talk.read_to_end() == "got this\n");
}

TEST_CASE("a WebSocket shows the streams that were asked for", "[stage6][exec]") {
    EngineScene scene;
    scene.create("web", {"sh", "-c", "echo out; echo err >&2"});
    WebSocketTalk errors{scene, "/containers/web/attach/ws?stream=1&stderr=1"};
    scene.start("web");
    CHECK(errors.read_to_end() == "err\n");
    WebSocketTalk logs{scene, "/containers/web/attach/ws?logs=1&stdout=1"};
    CHECK(logs.read_to_end() == "out\n");
}

TEST_CASE("a WebSocket is refused to a request that is none", "[stage6][exec]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"true"});
    CHECK(scene.request("GET", kAll).status == 400);
    CHECK(scene.request("GET", "/containers/nope/attach/ws?stream=1").status == 404);
    CHECK(scene.request("GET", "/exec/nope/ws").status == 404);
}

TEST_CASE("one message of a WebSocket may be as long as a client likes", "[stage6][exec]") {
    EngineScene scene;
    std::string bytes;
    for (int i = 0; i < 3'000'000; ++i) bytes += static_cast<char>(i * 7 + i / 256);
    scene.create("web", {"cat"}, allow_input);
    WebSocketTalk talk{scene, kAll};
    scene.start("web");
    talk.send_data("");
    talk.send_data(bytes);
    talk.send_text(std::string(200'000, 'x'));
    talk.send_text(R"({"stdin_eof":true})");
    CHECK((talk.read_to_end() == bytes + std::string(200'000, 'x')));
}
