// attach and logs through the daemon: nothing is missed, nobody waits for another, nothing is left.
#include <poll.h>
#include <sys/resource.h>

#include <deque>

#include "common/error.hpp"
#include "tests/stage6/engine_scene.hpp"

static const std::string kUpgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

static void allow_input(Json& body) {
    body["OpenStdin"] = true;
    body["StdinOnce"] = true;
}

TEST_CASE("an attachment made before the start misses nothing and ends after the exit",
          "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"seq", "20000"});
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/attach?stream=1&stdout=1&stderr=1", kUpgrade);
    talk.read_head();
    talk.end_sending();  // as docker's client does at once: that is no end of the attachment
    scene.start("web");
    const Streams streams = split_streams(talk.read_to_end());
    CHECK((streams.out == numbers(20000)));
    CHECK(scene.exit_code("web") == 0);
}

TEST_CASE("an attachment shows the streams that were asked for, raw without an upgrade",
          "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"sh", "-c", "echo out; echo error >&2"});
    Talk errors{scene.socket()}, plain{scene.socket()};
    errors.request("POST", "/containers/web/attach?stream=1&stderr=1", kUpgrade);
    errors.read_head();
    plain.request("POST", "/containers/web/attach?stream=1&stdout=1&stderr=1");
    CHECK(plain.read_head().starts_with("HTTP/1.1 200 "));
    scene.start("web");
    const Streams only = split_streams(errors.read_to_end());
    CHECK(only.out.empty());
    CHECK(only.err == "error\n");
    const Streams both = split_streams(plain.read_to_end());
    CHECK(both.out == "out\n");
    CHECK(both.err == "error\n");
}

TEST_CASE("attach with logs shows first what was printed before", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", "echo before; read line; echo $line"}, allow_input);
    scene.wait_for_logged("web", "before");
    Talk only_logs{scene.socket()};
    only_logs.request("POST", "/containers/web/attach?logs=1&stdout=1", kUpgrade);
    only_logs.read_head();
    CHECK(split_streams(only_logs.read_to_end()).out == "before\n");
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/attach?logs=1&stream=1&stdin=1&stdout=1", kUpgrade);
    talk.read_head();
    talk.wait_for("before\n");
    talk.send("after\n");
    CHECK(split_streams(talk.read_to_end()).out == "before\nafter\n");
}

TEST_CASE("what a client sends with its request's head reaches the container", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"cat"}, allow_input);
    Talk talk{scene.socket()};
    talk.send(
        "POST /v1.44/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\n"
        "Host: docker\r\nContent-Length: 0\r\n" +
        kUpgrade + "\r\nglued ");
    talk.read_head();
    talk.send("together");
    talk.end_sending();
    scene.start("web");
    CHECK(split_streams(talk.read_to_end()).out == "glued together");
}

TEST_CASE("a client that vanishes does not end the container's input", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"cat"}, [](Json& body) { body["OpenStdin"] = true; });
    for (const std::string line : {"first\n", "second\n"}) {
        Talk talk{scene.socket()};
        talk.request("POST", "/containers/web/attach?stream=1&stdin=1&stdout=1", kUpgrade);
        talk.read_head();
        talk.send(line);
        talk.wait_for(line);
    }
    CHECK(scene.status("web") == "running");
    CHECK(scene.logs("web").out == "first\nsecond\n");
}

TEST_CASE("three megabytes go through a container's stdin whole", "[stage6][engine]") {
    EngineScene scene;
    std::string input;
    for (unsigned i = 0; i < (3u << 20); ++i) input += static_cast<char>(i * 2654435761u >> 24);
    const Result result = scene.run_client({"run", "-i", "--rm", "--", "cat"},
                                           {.input = input, .deadline = std::chrono::seconds{60}});
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    CHECK((result.out == input));
}

TEST_CASE("a hundred clients that vanish leave no descriptor in the daemon", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", "echo ready; cat"}, allow_input);
    scene.wait_for_logged("web", "ready");
    const std::size_t before = scene.descriptors();
    {
        std::deque<Talk> talks;
        for (int i = 0; i < 100; ++i) {
            Talk& talk = talks.emplace_back(scene.socket());
            switch (i % 4) {
                case 0: talk.request("GET", "/containers/web/logs?follow=1&stdout=1"); break;
                case 1:
                    talk.request("POST", "/containers/web/attach?stream=1&stdout=1", kUpgrade);
                    break;
                case 2:
                    talk.request("POST", "/containers/web/attach?stream=1&stdin=1", kUpgrade);
                    break;
                case 3: talk.request("POST", "/containers/web/wait"); break;
            }
            talk.read_head();
        }
        CHECK(scene.descriptors() >= before + 100);
    }
    wait_until([&] { return scene.descriptors() <= before; }, "the daemon closed all descriptors");
    CHECK(scene.status("web") == "running");
}

TEST_CASE("the last lines alone are shown, with or without their times", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", "seq 10; printf unfinished"});
    scene.wait("web");
    CHECK(scene.logs("web", "&tail=2").out == "10\nunfinished");
    CHECK(scene.logs("web", "&tail=0").out.empty());
    CHECK(scene.logs("web", "&tail=100").out == numbers(10) + "unfinished");
    CHECK(scene.logs("web", "&tail=all").out == numbers(10) + "unfinished");
    const Streams timed = scene.logs("web", "&tail=2&timestamps=1");
    INFO(timed.out);
    CHECK(timed.out.size() == 2 * 31 + std::string{"10\nunfinished"}.size());
    CHECK(timed.out[10] == 'T');
    const Result client = scene.run_client({"logs", "--tail", "1", "web"});
    INFO(client);
    CHECK(client.out == "unfinished");
    const Answer neither = scene.request("GET", "/containers/web/logs");
    CHECK(neither.status == 400);
    CHECK(neither.message() == "Bad parameters: you must choose at least one stream");
}

TEST_CASE("the last lines of a long log are found from its end", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"seq", "300000"});
    scene.wait("web");
    std::string expected;
    for (int number = 200001; number <= 300000; ++number) expected += std::to_string(number) + "\n";
    CHECK((scene.logs("web", "&tail=100000").out == expected));
    CHECK(scene.logs("web", "&tail=1").out == "300000\n");
}

// The time of a line, as the log has it, in the form of the query.
static std::string time_of(const Streams& timed, std::string_view line) {
    const auto at = timed.out.find(" " + std::string{line} + "\n");
    return timed.out.substr(at - 30, 30);
}

TEST_CASE("since and until choose by time", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", "for i in one two three; do echo $i; read line; done"},
                       allow_input);
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/attach?stream=1&stdin=1&stdout=1", kUpgrade);
    talk.read_head();
    for (const std::string line : {"one", "two", "three"}) {
        scene.wait_for_logged("web", line);
        talk.send("\n");
    }
    talk.read_to_end();
    const Streams timed = scene.logs("web", "&timestamps=1");
    INFO(timed.out);
    // The client understands a moment as people write it.
    const std::string two = time_of(timed, "two");
    const Result since = scene.run_client({"logs", "--since", two, "web"});
    INFO(since);
    CHECK(since.out == "two\nthree\n");
    const Result until = scene.run_client({"logs", "--until", two, "web"});
    INFO(until);
    CHECK(until.out == "one\ntwo\n");
    CHECK(scene.logs("web", "&since=4000000000").out.empty());
    CHECK(scene.logs("web", "&until=1.5").out.empty());
}

TEST_CASE("a follower gets what is printed later, and the end at the exit", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", "echo first; read line; echo $line; printf last"},
                       allow_input);
    Process follower{scene.client({"logs", "-f", "web"})};
    CHECK(follower.read_line() == "first");
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/attach?stream=1&stdin=1", kUpgrade);
    talk.read_head();
    talk.send("second\n");
    CHECK(follower.wait() == 0);
    CHECK(follower.out() == "first\nsecond\nlast");
    const Result ended = scene.run_client({"logs", "-f", "web"});
    INFO(ended);
    CHECK(ended.out == "first\nsecond\nlast");
    scene.create("new", {"true"});
    CHECK(scene.run_client({"logs", "-f", "new"}).out.empty());
}

TEST_CASE("a follower outlives the streams: it ends with the container", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", "echo out; exec >&- 2>&-; read line"}, allow_input);
    Talk talk{scene.socket()};
    talk.request("GET", "/containers/web/logs?follow=1&stdout=1&stderr=1");
    talk.read_head();
    talk.wait_for("out\n");
    scene.request("GET", "/_ping");
    CHECK(scene.status("web") == "running");
    CHECK_FALSE(talk.has_input());
    Talk input{scene.socket()};
    input.request("POST", "/containers/web/attach?stream=1&stdin=1", kUpgrade);
    input.read_head();
    input.send("\n");
    talk.wait_for("0\r\n\r\n");
}

TEST_CASE("a removal ends the followers", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", "echo ready; sleep 1000"});
    Process follower{scene.client({"logs", "-f", "web"})};
    CHECK(follower.read_line() == "ready");
    CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    CHECK(follower.wait() == 0);
}

TEST_CASE("a reader that does not read holds up nobody", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"seq", "500000"});
    Talk stuck{scene.socket()}, half{scene.socket()};
    stuck.request("POST", "/containers/web/attach?stream=1&stdout=1", kUpgrade);
    stuck.read_head();
    scene.start("web");
    half.request("GET", "/containers/web/logs?follow=1&stdout=1", "Connection: close\r\n");
    CHECK(scene.wait("web") == 0);
    CHECK((scene.logs("web").out == numbers(500000)));
    // Late, but all of it.
    CHECK((split_streams(stuck.read_to_end()).out == numbers(500000)));
    CHECK((split_streams(read_answer(half).body).out == numbers(500000)));
}

// Counts what each of many followers gets, until all streams have ended.
class Crowd {
public:
    Crowd(const EngineScene& scene, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            Talk& talk = talks_.emplace_back(scene.socket());
            talk.request("POST", "/containers/web/attach?stream=1&stdout=1", kUpgrade);
            talk.read_head();
        }
    }

    // The number of those that got exactly these bytes.
    std::size_t read_all(const std::string& expected) {
        std::size_t right = 0;
        for (Talk& talk : talks_) {
            if (split_streams(talk.read_to_end()).out == expected) ++right;
        }
        return right;
    }

private:
    std::deque<Talk> talks_;
};

TEST_CASE("a thousand followers of one log get every byte", "[stage6][engine][slow]") {
    rlimit limit{};
    check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    check(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    if (limit.rlim_max < 1200) skip("RLIMIT_NOFILE is below 1200");
    EngineScene scene{"orchestrator"};
    scene.create("web", {"seq", "3000"});
    const std::size_t before = scene.descriptors();
    {
        Crowd crowd{scene, 1000};
        scene.start("web");
        CHECK(crowd.read_all(numbers(3000)) == 1000);
    }
    wait_until([&] { return scene.descriptors() <= before; }, "the daemon closed all descriptors");
}
