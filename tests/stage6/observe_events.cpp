// GET /events: what has happened, and what happens.
#include <poll.h>
#include <signal.h>

#include <chrono>
#include <map>

#include "common/error.hpp"
#include "tests/stage6/engine_scene.hpp"

// The events of the past that fit, as "type action", in their order.
static std::vector<Json> past_events(const EngineScene& scene, const std::string& query = {}) {
    const Answer answer = scene.request("GET", "/events?since=1&until=" + next_second() + query);
    INFO(answer);
    REQUIRE(answer.status == 200);
    CHECK(answer.head.find("Content-Type: application/json\r\n") != std::string::npos);
    std::vector<Json> events;
    for (std::size_t start = 0; start < answer.body.size();) {
        const auto end = answer.body.find('\n', start);
        events.push_back(parse_json(answer.body.substr(start, end - start)));
        start = end + 1;
    }
    return events;
}

static std::string actions(const std::vector<Json>& events) {
    std::string text;
    for (const Json& event : events) {
        text.append(text.empty() ? "" : " ").append(event.find("Action")->as_string());
    }
    return text;
}

// {"event":["die"]}
static std::string filter(const std::string& key, const std::string& value) {
    return "&filters=%7B%22" + key + "%22%3A%5B%22" + value + "%22%5D%7D";
}

TEST_CASE("a container's life is told in Docker's words and order", "[stage6][observe]") {
    EngineScene scene;
    const std::string id = scene.run_detached(
        "web", {"sh", "-c", "exit 3"}, [](Json& body) { body["Labels"]["colour"] = "blue"; });
    CHECK(scene.wait("web") == 3);
    const Answer removed = scene.request("DELETE", "/containers/web");
    INFO(removed);
    CHECK(removed.status == 204);
    const auto events = past_events(scene);
    CHECK(actions(events) == "create start die destroy");
    const Json& die = events[2];
    INFO(die.text());
    CHECK(die.find("status")->as_string() == "die");
    CHECK(die.find("id")->as_string() == id);
    CHECK(die.find("from")->as_string() == "host");
    CHECK(die.find("Type")->as_string() == "container");
    CHECK(die.find("scope")->as_string() == "local");
    CHECK(die.find("Actor")->find("ID")->as_string() == id);
    const Json& attributes = *die.find("Actor")->find("Attributes");
    CHECK(attributes.find("exitCode")->as_string() == "3");
    CHECK(attributes.find("name")->as_string() == "web");
    CHECK(attributes.find("image")->as_string() == "host");
    CHECK(attributes.find("colour")->as_string() == "blue");
    CHECK(die.find("timeNano")->as_integer() / 1'000'000'000 == die.find("time")->as_integer());
}

TEST_CASE("a stop is told as a kill, a death and a stop", "[stage6][observe]") {
    EngineScene scene;
    scene.run_detached(
        "web", {"sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done"});
    scene.wait_for_logged("web", "ready\n");
    CHECK(scene.request("POST", "/containers/web/stop?t=60").status == 204);
    const auto events = past_events(scene);
    CHECK(actions(events) == "create start kill die stop");
    CHECK(events[2].find("Actor")->find("Attributes")->find("signal")->as_string() == "15");
}

TEST_CASE("filters choose among the events", "[stage6][observe]") {
    EngineScene scene;
    for (const std::string name : {"one", "two"}) {
        scene.run_detached(name, {"true"}, [&](Json& body) { body["Labels"]["which"] = name; });
        CHECK(scene.wait(name) == 0);
    }
    CHECK(actions(past_events(scene, filter("container", "one"))) == "create start die");
    CHECK(actions(past_events(scene, filter("event", "die"))) == "die die");
    CHECK(actions(past_events(scene, filter("label", "which=two"))) == "create start die");
    CHECK(actions(past_events(scene, filter("label", "which"))) ==
          "create start die create start die");
    CHECK(actions(past_events(scene, filter("image", "host") + "")).size() > 20);
    CHECK(past_events(scene, filter("type", "network")).empty());
    const std::string two = scene.inspect("two").find("Id")->as_string();
    CHECK(actions(past_events(scene, filter("container", two.substr(0, 12)))) ==
          "create start die");
    const Answer unknown = scene.request("GET", "/events?until=1" + filter("foo", "x"));
    CHECK(unknown.status == 400);
    CHECK(unknown.message() == "invalid filter 'foo'");
    CHECK(scene.request("GET", "/events?since=x").status == 400);
    CHECK(scene.request("GET", "/events?since=5&until=4").status == 400);
}

TEST_CASE("a listener has the head at once, and each event as it happens", "[stage6][observe]") {
    EngineScene scene;
    scene.create("before", {"true"});
    Talk listener{scene.socket()};
    listener.request("GET", "/events");
    CHECK(listener.read_head().find("200 OK") != std::string::npos);
    CHECK_FALSE(listener.has_input());  // nothing of the past, unless it is asked for
    scene.create("web", {"true"});
    listener.wait_for("\"name\":\"web\"");
    CHECK(listener.received().find("\"name\":\"before\"") == std::string::npos);
    Talk late{scene.socket()};
    late.request("GET", "/events?since=1");
    late.wait_for("\"name\":\"web\"");
    CHECK(late.received().find("\"name\":\"before\"") != std::string::npos);
}

// A stream of chunks to its end, which is so many seconds away.
static void read_to_last_chunk(Talk& listener, int seconds_left) {
    const auto patience = patient(std::chrono::seconds{seconds_left + 30});
    while (listener.received().find("\r\n0\r\n\r\n") == std::string::npos) {
        pollfd ready{listener.fd(), POLLIN, 0};
        REQUIRE(::poll(&ready, 1, static_cast<int>(patience.count())) == 1);
        REQUIRE(listener.read_more());
    }
}

TEST_CASE("until ends the stream at its time", "[stage6][observe]") {
    using std::chrono::seconds, std::chrono::system_clock;
    EngineScene scene;
    scene.create("first", {"true"});  // which makes the image; the next takes no time
    // Where a busy machine needs longer than that for it, the next stream is a longer one.
    bool is_in_time = false;
    for (int time = 2; !is_in_time; time *= 2) {
        REQUIRE(time < 100);
        const auto until = std::chrono::ceil<seconds>(system_clock::now()) + seconds{time};
        Talk listener{scene.socket()};
        const auto moment = std::to_string(until.time_since_epoch().count()) + ".5";
        listener.request("GET", "/events?until=" + moment);
        listener.read_head();
        const std::string name = "web" + std::to_string(time);
        scene.create(name, {"true"});
        is_in_time = system_clock::now() < until;
        read_to_last_chunk(listener, time);
        CHECK(system_clock::now() >= until);
        const bool is_told = listener.received().find("\"" + name + "\"") != std::string::npos;
        CHECK((is_told || !is_in_time));
    }
}

TEST_CASE("of the past the last 256 events are kept", "[stage6][observe]") {
    EngineScene scene;
    scene.create("web", {"true"});
    for (int i = 0; i < 300; ++i) {
        const std::string name = "name" + std::to_string(i);
        const std::string old = i == 0 ? "web" : "name" + std::to_string(i - 1);
        REQUIRE(scene.request("POST", "/containers/" + old + "/rename?name=" + name).status == 204);
    }
    const auto events = past_events(scene);
    CHECK(events.size() == 256);
    const Json& last = *events.back().find("Actor")->find("Attributes");
    CHECK(last.find("name")->as_string() == "name299");
    CHECK(last.find("oldName")->as_string() == "/name298");
}

TEST_CASE("a listener that reads nothing costs neither events nor memory", "[stage6][observe]") {
    EngineScene scene;
    scene.create("web", {"true"});
    Talk lazy{scene.socket()};
    lazy.request("GET", "/events");
    lazy.read_head();
    for (int i = 0; i < 1000; ++i) {
        const bool even = i % 2 == 0;
        const std::string path =
            even ? "/containers/web/rename?name=other" : "/containers/other/rename?name=web";
        REQUIRE(scene.request("POST", path).status == 204);
    }
    scene.create("last", {"true"});
    lazy.wait_for("\"name\":\"last\"");
}

TEST_CASE("listeners that are killed leave no descriptor", "[stage6][observe]") {
    EngineScene scene;
    scene.request("GET", "/_ping");
    const std::size_t before = scene.descriptors();
    for (int i = 0; i < 50; ++i) {
        Talk listener{scene.socket()};
        listener.request("GET", "/events");
        listener.read_head();
    }
    wait_until([&] { return scene.descriptors() <= before; }, "the daemon closed all descriptors");
}

TEST_CASE("docker events shows them, and slipway events the same", "[stage6][observe]") {
    need_docker();
    EngineScene scene;
    scene.run_detached("web", {"sh", "-c", "exit 4"});
    CHECK(scene.wait("web") == 4);
    const std::vector<std::string> words = {"events",      "--since",  "1h",           "--until",
                                            next_second(), "--filter", "container=web"};
    const Result docker = scene.run_docker(words);
    INFO(docker);
    CHECK(docker.exit_code == 0);
    CHECK(docker.out.find(" container die ") != std::string::npos);
    CHECK(docker.out.find("exitCode=4, image=host, name=web)") != std::string::npos);
    const Result ours = scene.run_client(words);
    INFO(ours);
    CHECK(ours.out == docker.out);
    const Result format = scene.run_client({"events", "--since", "1h", "--until", words[4],
                                            "--format", "{{.Action}} {{.Actor.Attributes.name}}"});
    INFO(format);
    CHECK(format.out == "create web\nstart web\ndie web\n");
}
