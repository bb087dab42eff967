#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "tests/stage6/http_server_scene.hpp"

static Task<void> wait_for_note(ServerScene& scene, std::string note) {
    const Deadline deadline = Clock::now() + patient(std::chrono::seconds{30});
    while (scene.trace.find(note) == std::string::npos && Clock::now() < deadline) {
        co_await scene.loop.sleep_for(milliseconds{1});
    }
}

// Whatever the server heard of before this request is answered has happened by then.
static Task<void> ask_something(ServerScene& scene) {
    Stream stream{scene.loop, scene.connect()};
    const std::string request = http_get("/_ping", "Connection: close\r\n");
    co_await stream.write(request);
    std::string answer;
    co_await read_until_end(stream, answer);
}

// A client that goes as soon as its handler has begun.
static Task<void> request_and_go(ServerScene& scene, std::string bytes) {
    {
        Stream stream{scene.loop, scene.connect()};
        co_await stream.write(bytes);
        co_await wait_for_note(scene, "<begin>");
    }
    co_await ask_something(scene);
    scene.event.notify_all();
    co_await wait_for_note(scene, "<end>");
    scene.loop.stop();
}

static Task<void> notify_later(ServerScene& scene) {
    co_await wait_for_note(scene, "<begin>");
    co_await ask_something(scene);
    scene.event.notify_all();
}

TEST_CASE("a client that goes cancels a handler that reads, not one that acts",
          "[stage6][server]") {
    ServerScene scene;
    scene.loop.spawn(request_and_go(scene, http_get("/wait")));
    scene.loop.run();
    CHECK(scene.trace == "<begin><end>");
    scene.trace.clear();
    scene.loop.spawn(request_and_go(scene, http_post("/verb", "")));
    scene.loop.run();
    CHECK(scene.trace == "<begin><woken><end>");
}

TEST_CASE("a half close does not cancel a handler", "[stage6][server]") {
    ServerScene scene;
    scene.loop.spawn(notify_later(scene));
    CHECK(scene.exchange(http_get("/wait")).starts_with("HTTP/1.1 204 No Content"));
    CHECK(scene.trace == "<begin><woken><end>");
}

static Task<void> send_slowly(ServerScene& scene, std::string bytes, std::string& received) {
    Stream stream{scene.loop, scene.connect()};
    co_await stream.write(bytes);
    co_await read_until_end(stream, received);
    scene.loop.stop();
}

TEST_CASE("a client that does not go on is told and closed", "[stage6][server]") {
    HttpServerOptions options;
    options.timeouts.idle = milliseconds{20};
    options.timeouts.head = milliseconds{20};
    options.timeouts.body = milliseconds{20};
    options.timeouts.linger = milliseconds{20};
    ServerScene scene{options};
    const auto answer = [&scene](const std::string& bytes) {
        std::string received;
        scene.loop.spawn(send_slowly(scene, bytes, received));
        scene.loop.run();
        return status_line(received);
    };
    CHECK(answer("").empty());
    CHECK(answer("GET / HTTP/1.1\r\nHos") == "HTTP/1.1 408 Request Timeout");
    const std::string request = http_post("/echo", "body");
    CHECK(answer(request.substr(0, request.size() - 1)) == "HTTP/1.1 408 Request Timeout");
    CHECK(answer(http_get("/_ping")) == "HTTP/1.1 200 OK");
}

TEST_CASE("one connection too many is told so", "[stage6][server]") {
    HttpServerOptions options;
    options.connections_max = 2;
    ServerScene scene{options};
    const Fd first = scene.connect();
    const Fd second = scene.connect();
    const std::string refused = scene.exchange({});
    CHECK(status_line(refused) == "HTTP/1.1 503 Service Unavailable");
    CHECK(body_of(refused) == "{\"message\":\"too many connections\"}");
}

static Task<void> count_turns(ServerScene& scene, int& turns) {
    co_await scene.loop.sleep_for(milliseconds{500});
    ++turns;
    scene.loop.stop();
}

TEST_CASE("without descriptors a connection is refused, and the loop does not spin",
          "[stage6][server]") {
    ServerScene scene;
    const Fd waiting = scene.connect();
    std::vector<Fd> all;
    rlimit limit{};
    check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    rlimit low = limit;
    low.rlim_cur = 64;
    check(::setrlimit(RLIMIT_NOFILE, &low), "setrlimit");
    for (int fd = ::dup(0); fd != -1; fd = ::dup(0)) all.emplace_back(fd);
    int turns = 0;
    scene.loop.spawn(count_turns(scene, turns));
    const std::clock_t before = std::clock();
    scene.loop.run();
    CHECK(std::clock() - before < CLOCKS_PER_SEC / 4);  // half of the time
    check(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    all.clear();
    char answer[512];
    const ssize_t bytes = ::read(waiting.get(), answer, sizeof answer);
    REQUIRE(bytes > 0);
    CHECK(std::string(answer, static_cast<std::size_t>(bytes)).find("too many open files") !=
          std::string::npos);
    CHECK(scene.exchange(http_get("/_ping")).starts_with("HTTP/1.1 200"));
}
