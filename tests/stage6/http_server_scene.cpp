#include "tests/stage6/http_server_scene.hpp"

#include <sys/socket.h>

#include <stdexcept>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/server/router.hpp"
#include "stage6-daemon-shim/core/wire/websocket.hpp"

struct NotedEnd {
    std::string& trace;
    const char* note;
    ~NotedEnd() { trace += note; }
};

static Task<void> ping(HttpRequest&, HttpResponder& responder) {
    return responder.send(200, "text/plain", "OK");
}

static Task<void> echo(HttpRequest& request, HttpResponder& responder) {
    const std::string body = co_await request.read_body();
    co_await responder.send(200, "text/plain", body);
}

static Task<void> echo_json(HttpRequest& request, HttpResponder& responder) {
    Json body = co_await request.read_json();
    co_await responder.send_json(201, std::move(body));
}

static Task<void> stream_three(HttpRequest&, HttpResponder& responder) {
    co_await responder.start_stream(200, "application/json");
    for (const char* piece : {"one", "", "two", "three"}) co_await responder.write(piece);
}

static Task<void> break_off(HttpRequest&, HttpResponder& responder) {
    co_await responder.start_stream(200, "text/plain");
    co_await responder.write("half");
    throw std::runtime_error{"lost"};
}

static Task<void> refuse(HttpRequest& request, HttpResponder&) {
    if (request.query().has("conflict")) throw HttpError{409, "say \"no\""};
    if (request.query().has("silent")) co_return;
    throw std::runtime_error{"open /x: No such file or directory"};
}

static Task<void> wait_for_event(ServerScene& scene, HttpRequest&, HttpResponder& responder) {
    const NotedEnd noted{scene.trace, "<end>"};
    scene.trace += "<begin>";
    co_await scene.event.wait();
    scene.trace += "<woken>";
    co_await responder.send(204);
}

// Sends back what comes, until the client's end of the stream.
static Task<void> attach(HttpRequest&, HttpResponder& responder) {
    co_await responder.hijack("application/vnd.docker.multiplexed-stream");
    Stream& stream = responder.stream();
    ReadResult result = ReadResult::data;
    while (result == ReadResult::data) {
        const std::string text{stream.buffered()};
        stream.consume(text.size());
        co_await stream.write(text);
        result = co_await stream.fill();
    }
    co_await stream.write("bye");
}

static Task<void> upload(HttpRequest& request, HttpResponder& responder) {
    std::size_t bytes = 0;
    bool more = true;
    while (more) {
        std::string piece;
        more = co_await request.read_some(piece);
        bytes += piece.size();
    }
    const std::string answer = std::to_string(bytes);
    co_await responder.send(200, "text/plain", answer);
}

static Task<void> show_route(HttpRequest& request, HttpResponder& responder) {
    const std::string text = request.parameter("id") + "|" + request.parameter("name") + "|" +
                             std::to_string(request.api_minor_version());
    co_await responder.send(200, "text/plain", text);
}

static Router routes_of(ServerScene& scene) {
    const auto wait = [&scene](HttpRequest& request, HttpResponder& responder) {
        return wait_for_event(scene, request, responder);
    };
    return Router{{
        {"GET", "/_ping", ping},
        {"HEAD", "/_ping", ping},
        {"POST", "/echo", echo},
        {"POST", "/json", echo_json},
        {"GET", "/stream", stream_three},
        {"GET", "/broken", break_off},
        {"GET", "/refused", refuse},
        {"GET", "/wait", wait, WhenGone::cancel},
        {"POST", "/verb", wait},
        {"POST", "/attach", attach},
        {"PUT", "/archive", upload},
        {"GET", "/ws",
         [](HttpRequest&, HttpResponder& responder) { return responder.hijack_websocket(); }},
        {"GET", "/containers/{id}/json", show_route},
        {"GET", "/images/{name...}/json", show_route},
    }};
}

HttpServerOptions patient_server() {
    static constexpr std::chrono::seconds kLong{60};
    HttpServerOptions options;
    options.timeouts = {.idle = kLong, .head = kLong, .body = kLong, .linger = kLong};
    return options;
}

ServerScene::ServerScene(HttpServerOptions options) {
    Fd listener{check(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket")};
    address.sun_family = AF_UNIX;
    check(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)),
          "bind");
    check(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &address_bytes),
          "getsockname");
    check(::listen(listener.get(), 64), "listen");
    options.headers = {{"Api-Version", "1.44"}};
    server = std::make_unique<HttpServer>(loop, std::move(listener), routes_of(*this), options);
}

Fd ServerScene::connect() const {
    Fd socket{check(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket")};
    check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), address_bytes),
          "connect");
    return socket;
}

Task<void> read_until_end(Stream& stream, std::string& received) {
    ReadResult result = ReadResult::data;
    while (result == ReadResult::data) {
        result = co_await stream.fill(Clock::now() + patient(std::chrono::seconds{30}));
        received += stream.buffered();
        stream.consume(stream.buffered().size());
    }
    if (result == ReadResult::timed_out) received += "<timed out>";
}

static Task<void> run_exchange(ServerScene& scene, std::string bytes, std::string& received) {
    Stream stream{scene.loop, scene.connect()};
    co_await stream.write(bytes);
    stream.shutdown_write();
    co_await read_until_end(stream, received);
    scene.loop.stop();
}

std::string ServerScene::exchange(std::string bytes) {
    std::string received;
    loop.spawn(run_exchange(*this, std::move(bytes), received));
    loop.run();
    return received;
}

std::string http_get(const std::string& path, const std::string& headers) {
    return "GET " + path + " HTTP/1.1\r\nHost: d\r\n" + headers + "\r\n";
}

std::string http_post(const std::string& path, const std::string& body,
                      const std::string& headers) {
    return "POST " + path +
           " HTTP/1.1\r\nHost: d\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           headers + "\r\n" + body;
}

std::string without_date(std::string answer) {
    const std::size_t begin = answer.find("Date: ");
    REQUIRE(begin != std::string::npos);
    return answer.erase(begin, answer.find("\r\n", begin) + 2 - begin);
}

std::string status_line(const std::string& answer) {
    return answer.substr(0, answer.find("\r\n"));
}

std::string body_of(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "<no body>" : answer.substr(end + 4);
}

std::size_t occurrences(const std::string& text, std::string_view word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
    return count;
}
