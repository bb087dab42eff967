#include "tests/stage6/http_server_scene.hpp"

TEST_CASE("a request is answered with the server's headers", "[stage6][server]") {
    ServerScene scene;
    CHECK(without_date(scene.exchange(http_get("/_ping"))) ==
          "HTTP/1.1 200 OK\r\nApi-Version: 1.44\r\nContent-Type: text/plain\r\n"
          "Content-Length: 2\r\n\r\nOK");
    CHECK(body_of(scene.exchange("HEAD /_ping HTTP/1.1\r\nHost: d\r\n\r\n")).empty());
    CHECK(scene.server->connections() <= 2);
}

TEST_CASE("errors are what the docker CLI understands", "[stage6][server]") {
    ServerScene scene;
    const std::string conflict = scene.exchange(http_get("/refused?conflict"));
    CHECK(status_line(conflict) == "HTTP/1.1 409 Conflict");
    CHECK(conflict.find("Content-Type: application/json\r\n") != std::string::npos);
    CHECK(conflict.find("Api-Version: 1.44\r\n") != std::string::npos);
    CHECK(body_of(conflict) == "{\"message\":\"say \\\"no\\\"\"}\n");
    CHECK(body_of(scene.exchange(http_get("/refused"))) ==
          "{\"message\":\"open /x: No such file or directory\"}\n");
    CHECK(status_line(scene.exchange(http_get("/refused?silent"))).substr(9, 3) == "500");
    CHECK(status_line(scene.exchange(http_get("/nothing"))) == "HTTP/1.1 404 Not Found");
    CHECK(body_of(scene.exchange(http_post("/_ping", ""))) == "{\"message\":\"page not found\"}\n");
}

TEST_CASE("pipelined requests are answered in order on one connection", "[stage6][server]") {
    ServerScene scene;
    const std::string answers = scene.exchange(http_post("/echo", "first") + http_get("/refused") +
                                               http_get("/stream") + http_post("/echo", "last"));
    CHECK(occurrences(answers, "HTTP/1.1 200 OK") == 3);
    CHECK(occurrences(answers, "HTTP/1.1 500 ") == 1);
    CHECK(answers.find("first") < answers.find("500"));
    CHECK(answers.find("500") < answers.find("three"));
    CHECK(answers.ends_with("last"));
    std::string many;
    for (int i = 0; i < 1000; ++i) many += http_get("/_ping");
    CHECK(occurrences(scene.exchange(many), "\r\n\r\nOK") == 1000);
}

TEST_CASE("a malformed request is refused and the connection closed", "[stage6][server]") {
    ServerScene scene;
    const auto status = [&scene](const std::string& bytes) {
        const std::string answer = scene.exchange(bytes + http_get("/_ping"));
        CHECK(occurrences(answer, "HTTP/1.1") == 1);
        CHECK(answer.find("Connection: close\r\n") != std::string::npos);
        return answer.substr(9, 3);
    };
    CHECK(status("GET / HTTP/1.1\r\n\r\n") == "400");
    CHECK(status("GET / HTTP/9.9\r\nHost: d\r\n\r\n") == "505");
    CHECK(status(http_get("/%zz")) == "400");
    CHECK(status(http_get("/_ping?a=%00")) == "400");
    CHECK(status(http_get("/_ping", "X: " + std::string(40000, 'a') + "\r\n")) == "431");
    CHECK(status(http_post("/echo", "x", "Transfer-Encoding: chunked\r\n")) == "400");
    CHECK(status("POST /echo HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") ==
          "400");
    CHECK(status(http_get("/_ping", "Expect: bogus\r\n")) == "417");
    const std::string old = scene.exchange("GET /stream HTTP/1.0\r\n\r\n" + http_get("/_ping"));
    CHECK(body_of(old) == "onetwothree");
    CHECK(old.find("chunked") == std::string::npos);
}

TEST_CASE("JSON bodies are checked before a handler sees them", "[stage6][server]") {
    ServerScene scene;
    const std::string json = "Content-Type: application/json; charset=utf-8\r\n";
    const auto message = [&scene](const std::string& request) {
        const std::string answer = scene.exchange(request);
        return answer.substr(9, 4) + body_of(answer);
    };
    CHECK(message(http_post("/json", "{\"a\":1}", json)) == "201 {\"a\":1}\n");
    CHECK(message(http_post("/json", "", json)) ==
          "400 {\"message\":\"invalid JSON: got EOF while reading request body\"}\n");
    CHECK(message(http_post("/json", "{}")) ==
          "400 {\"message\":\"Content-Type specified () must be 'application/json'\"}\n");
    CHECK(message(http_post("/json", "{}", "Content-Type: text/plain\r\n")) ==
          "400 {\"message\":\"Content-Type specified (text/plain) must be 'application/json'\"}\n");
    CHECK(message(http_post("/json", "{} x", json)) ==
          "400 {\"message\":\"invalid JSON at byte 3: unexpected data after the value\"}\n");
}

TEST_CASE("a body of 1 MiB is taken, one byte more refused", "[stage6][server]") {
    ServerScene scene;
    const std::string full(1u << 20, 'x');
    CHECK(body_of(scene.exchange(http_post("/echo", full))) == full);
    CHECK(scene.exchange(http_post("/echo", full + "x")).substr(9, 3) == "413");
    const std::string head = "POST /echo HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string chunks;
    for (int i = 0; i < 5; ++i) chunks += "40000\r\n" + full.substr(0, 0x40000) + "\r\n";
    CHECK(scene.exchange(head + chunks + "0\r\n\r\n").substr(9, 3) == "413");
    CHECK(body_of(scene.exchange("PUT /archive" + (head + chunks + "0\r\n\r\n").substr(10))) ==
          std::to_string(5 * 0x40000));
}

TEST_CASE("a client that waits for 100-continue gets it when its body is wanted",
          "[stage6][server]") {
    ServerScene scene;
    const std::string expect = "Expect: 100-continue\r\n";
    std::string request = http_post("/echo", "body", expect);
    CHECK(scene.exchange(request).starts_with("HTTP/1.1 200 OK"));  // it did not wait
    request.resize(request.size() - 4);
    CHECK(scene.exchange(request).starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400"));
    request.replace(0, 10, "POST /gone");
    const std::string refused = scene.exchange(request);
    CHECK(refused.starts_with("HTTP/1.1 404"));
    CHECK(refused.find("Connection: close\r\n") != std::string::npos);
}

TEST_CASE("an answer in pieces ends with the last chunk only when its handler ended well",
          "[stage6][server]") {
    ServerScene scene;
    CHECK(body_of(scene.exchange(http_get("/stream"))) ==
          "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
    CHECK(body_of(scene.exchange(http_get("/broken"))) == "4\r\nhalf\r\n");
}

TEST_CASE("a hijacked connection carries bytes both ways, early ones too", "[stage6][server]") {
    ServerScene scene;
    const std::string upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    CHECK(without_date(scene.exchange(http_post("/attach", "", upgrade) + "early")) ==
          "HTTP/1.1 101 UPGRADED\r\nApi-Version: 1.44\r\n"
          "Content-Type: application/vnd.docker.multiplexed-stream\r\n"
          "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\nearlybye");
    CHECK(without_date(scene.exchange(http_post("/attach", "") + "early")) ==
          "HTTP/1.1 200 OK\r\nApi-Version: 1.44\r\n"
          "Content-Type: application/vnd.docker.raw-stream\r\nConnection: close\r\n\r\nearlybye");
    const std::string websocket =
        scene.exchange(http_get("/ws",
                                "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                "Sec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
    CHECK(websocket.starts_with("HTTP/1.1 101 "));
    CHECK(websocket.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
          std::string::npos);
    CHECK(scene.exchange(http_get("/ws")).substr(9, 3) == "400");
}

TEST_CASE("paths with and without a version find their routes", "[stage6][server]") {
    ServerScene scene;
    const auto found = [&scene](const std::string& path) {
        const std::string answer = scene.exchange(http_get(path));
        return answer.substr(9, 4) + body_of(answer);
    };
    const std::string nowhere = "404 {\"message\":\"page not found\"}\n";
    CHECK(found("/containers/abc/json") == "200 abc||44");
    CHECK(found("/v1.24/containers/a%2Fb/json") == "200 a/b||24");
    CHECK(found("/images/docker.io/library/x:v1/json?a=b") == "200 |docker.io/library/x:v1|44");
    CHECK(found("/images/a/json") == "200 |a|44");
    CHECK(found("/v9.99/_ping") ==
          "400 {\"message\":\"client version 9.99 is too new. Maximum supported API version is "
          "1.44\"}\n");
    CHECK(found("/v1.99999999999999999999/_ping").starts_with("400 "));
    CHECK(found("/v1.11/_ping") ==
          "400 {\"message\":\"client version 1.11 is too old. Minimum supported API version is "
          "1.24, please upgrade your client to a newer version\"}\n");
    for (const char* path : {"/", "/v1.44", "/v1.44/", "/images/json", "/containers//json",
                             "/containers/a/json/", "/containers/../../etc", "/%2e%2e", "/_PING",
                             "/v9.99/nothing", "//_ping", "/containers/a/b/json"}) {
        INFO(path);
        CHECK(found(path) == nowhere);
    }
    CHECK(scene.exchange("OPTIONS /v1.44/_ping HTTP/1.1\r\nHost: d\r\n\r\n").substr(9, 3) == "200");
    CHECK(scene.exchange("OPTIONS /nothing HTTP/1.1\r\nHost: d\r\n\r\n").substr(9, 3) == "404");
    CHECK(found("/" + std::string(100, 'a').replace(1, 98, std::string(49, '/') + "b")) == nowhere);
}
