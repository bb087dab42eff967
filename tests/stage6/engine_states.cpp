// The state table through the API, cell by cell; and wait, whose head comes before its answer.
#include "tests/stage3/container.hpp"
#include "tests/stage6/engine_scene.hpp"

enum class Kind { created, running, exited };

static const char* name_of(Kind kind) {
    switch (kind) {
        case Kind::created: return "created";
        case Kind::running: return "running";
        case Kind::exited: return "exited";
    }
    return "";
}

// A container in that state, by the name of "web".
static std::string make_in_state(const EngineScene& scene, Kind kind) {
    if (kind == Kind::created) return scene.create("web", {"sleep", "1000"});
    if (kind == Kind::running) return scene.run_detached("web", {"sleep", "1000"});
    const std::string id = scene.run_detached("web", {"sh", "-c", "exit 5"});
    scene.wait("web");
    return id;
}

struct Expected {
    Kind from;
    int status;
    std::string text;  // of an error, ID put in for the id
    std::string state_after;
};

// Does it to a fresh container in each state.
static void check_row(const std::string& method, const std::string& path,
                      const std::vector<Expected>& row) {
    EngineScene scene{"orchestrator"};
    for (const Expected& expected : row) {
        const std::string id = make_in_state(scene, expected.from);
        INFO(method << " " << path << " of a container that is " << name_of(expected.from));
        const Answer answer = scene.request(method, "/containers/web" + path);
        INFO(answer);
        CHECK(answer.status == expected.status);
        if (!expected.text.empty()) {
            std::string text = expected.text;
            if (const auto at = text.find("ID "); at != std::string::npos) text.replace(at, 2, id);
            CHECK(answer.message() == text);
        }
        if (!expected.state_after.empty()) CHECK(scene.status(id) == expected.state_after);
        const int gone = scene.request("DELETE", "/containers/web?force=1").status;
        CHECK(gone == (expected.state_after.empty() ? 404 : 204));
    }
    const Answer missing = scene.request(method, "/containers/nosuch" + path);
    INFO(missing);
    if (path.find("signal=NOSUCH") == std::string::npos) {
        CHECK(missing.status == 404);
        CHECK(missing.message() == "No such container: nosuch");
    }
}

static const std::string kNotRunning = "cannot kill container: web: container ID is not running";
static const std::string kBadSignal = "cannot kill container: web: invalid signal: NOSUCH";
static const std::string kIsRunning =
    "cannot remove container \"web\": container is running: stop the container before removing or "
    "force remove";

TEST_CASE("start answers as the state table says", "[stage6][engine]") {
    check_row("POST", "/start",
              {{Kind::created, 204, "", "running"}, {Kind::running, 304, "", "running"}});
    EngineScene scene{"orchestrator"};
    make_in_state(scene, Kind::exited);
    CHECK(scene.request("POST", "/containers/web/start").status == 204);
    CHECK(scene.wait("web") == 5);
}

TEST_CASE("stop answers as the state table says", "[stage6][engine]") {
    check_row("POST", "/stop?t=5",
              {{Kind::created, 304, "", "created"},
               {Kind::running, 204, "", "exited"},
               {Kind::exited, 304, "", "exited"}});
}

TEST_CASE("kill answers as the state table says", "[stage6][engine]") {
    check_row("POST", "/kill",
              {{Kind::created, 409, kNotRunning, "created"},
               {Kind::running, 204, "", "exited"},
               {Kind::exited, 409, kNotRunning, "exited"}});
}

TEST_CASE("a signal of no name is refused in every state", "[stage6][engine]") {
    check_row("POST", "/kill?signal=NOSUCH",
              {{Kind::created, 400, kBadSignal, "created"},
               {Kind::running, 400, kBadSignal, "running"},
               {Kind::exited, 400, kBadSignal, "exited"}});
}

TEST_CASE("remove answers as the state table says", "[stage6][engine]") {
    check_row("DELETE", "",
              {{Kind::created, 204, "", ""},
               {Kind::running, 409, kIsRunning, "running"},
               {Kind::exited, 204, "", ""}});
}

TEST_CASE("remove by force answers as the state table says", "[stage6][engine]") {
    check_row(
        "DELETE", "?force=1",
        {{Kind::created, 204, "", ""}, {Kind::running, 204, "", ""}, {Kind::exited, 204, "", ""}});
}

TEST_CASE("attach is accepted in every state", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    for (const Kind kind : {Kind::created, Kind::running, Kind::exited}) {
        INFO(name_of(kind));
        make_in_state(scene, kind);
        Talk talk{scene.socket()};
        talk.request("POST", "/containers/web/attach?stream=1&stdout=1",
                     "Connection: Upgrade\r\nUpgrade: tcp\r\n");
        CHECK(talk.read_head().starts_with("HTTP/1.1 101 "));
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
        CHECK(talk.read_to_end().empty());
    }
}

TEST_CASE("signals are understood by name and number, and nothing else", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string text = "trap 'echo caught' USR1; echo ready; while :; do sleep 0.01; done";
    scene.run_detached("web", {"sh", "-c", text});
    scene.wait_for_logged("web", "ready");
    for (const std::string name : {"USR1", "SIGUSR1", "sigusr1", "usr1", "10", "WINCH"}) {
        CHECK(scene.request("POST", "/containers/web/kill?signal=" + name).status == 204);
    }
    scene.wait_for_logged("web", "caught");
    for (const std::string name : {"0", "-1", "65", "SIGFOO", "9x", "SIG"}) {
        INFO(name);
        CHECK(scene.request("POST", "/containers/web/kill?signal=" + name).status == 400);
    }
    CHECK(scene.status("web") == "running");
}

TEST_CASE("stop asks, waits, and then kills", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached(
        "polite", {"sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done"});
    scene.wait_for_logged("polite", "ready");
    CHECK(scene.request("POST", "/containers/polite/stop").status == 204);
    CHECK(scene.exit_code("polite") == 9);
    scene.run_detached("deaf",
                       {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"});
    scene.wait_for_logged("deaf", "ready");
    CHECK(scene.request("POST", "/containers/deaf/stop?t=0").status == 204);
    CHECK(scene.exit_code("deaf") == 137);
}

TEST_CASE("a container's own signal to stop is sent", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web",
                       {"sh", "-c", "trap 'exit 8' INT; echo ready; while :; do sleep 0.01; done"},
                       [](Json& body) { body["StopSignal"] = "SIGINT"; });
    scene.wait_for_logged("web", "ready");
    CHECK(scene.request("POST", "/containers/web/stop").status == 204);
    CHECK(scene.exit_code("web") == 8);
}

TEST_CASE("the head of wait comes before its answer", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"sh", "-c", "exit 6"});
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/wait?condition=next-exit");
    CHECK(talk.read_head().starts_with("HTTP/1.1 200 "));
    CHECK(talk.received().empty());
    scene.start("web");
    talk.wait_for("\"StatusCode\":6");
    // It never answers for an exit that is over.
    Talk next{scene.socket()};
    next.request("POST", "/containers/web/wait?condition=next-exit");
    next.read_head();
    scene.request("GET", "/_ping");
    CHECK_FALSE(next.has_input());
    scene.start("web");
    next.wait_for("\"StatusCode\":6");
}

TEST_CASE("wait answers at once for what does not run", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"sh", "-c", "exit 6"});
    CHECK(scene.wait("web") == 0);
    scene.start("web");
    CHECK(scene.wait("web") == 6);
    CHECK(scene.wait("web") == 6);
    const Answer odd = scene.request("POST", "/containers/web/wait?condition=bogus");
    INFO(odd);
    CHECK(odd.status == 400);
    CHECK(odd.message() == "invalid condition: \"bogus\"");
}

TEST_CASE("who waits for the removal learns the code when it is gone", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const auto auto_remove = [](Json& body) {
        body["HostConfig"] = Json::object({{"AutoRemove", true}});
    };
    scene.create("web", {"sh", "-c", "exit 11"}, auto_remove);
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/wait?condition=removed");
    talk.read_head();
    scene.start("web");
    talk.wait_for("\"StatusCode\":11");
    CHECK(scene.request("GET", "/containers/web/json").status == 404);

    // A start that fails removes it too.
    scene.create("web", {"nosuch"}, auto_remove);
    Talk failing{scene.socket()};
    failing.request("POST", "/containers/web/wait?condition=removed");
    failing.read_head();
    CHECK(scene.request("POST", "/containers/web/start").status == 400);
    failing.wait_for("\"StatusCode\":127");
}

TEST_CASE("a removal wakes all who wait", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sleep", "1000"});
    Talk exit{scene.socket()}, next{scene.socket()}, removed{scene.socket()};
    exit.request("POST", "/containers/web/wait");
    next.request("POST", "/containers/web/wait?condition=next-exit");
    removed.request("POST", "/containers/web/wait?condition=removed");
    for (Talk* talk : {&exit, &next, &removed}) talk->read_head();
    CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    for (Talk* talk : {&exit, &next, &removed}) talk->wait_for("\"StatusCode\":137");
}

TEST_CASE("of two starts at once one starts, and both succeed", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.create("web", {"sleep", "1000"});
    Talk one{scene.socket()}, other{scene.socket()};
    one.request("POST", "/containers/web/start");
    other.request("POST", "/containers/web/start");
    const std::string both = one.read_head().substr(0, 12) + other.read_head().substr(0, 12);
    CHECK((both == "HTTP/1.1 204HTTP/1.1 304" || both == "HTTP/1.1 304HTTP/1.1 204"));
    CHECK(scene.status(id) == "running");
}

TEST_CASE("the state directory may be named from where the daemon is started", "[stage6][engine]") {
    if (!is_root()) need_user_namespaces();
    const RunOptions here{.directory = temporary_directory()};
    Process daemon{{built("slipwayd"), "--socket", "socket", "--root", "./state/"}, here};
    daemon.wait_for_output("/state, 0 containers");
    const Result result =
        run({built("slipway"), "--socket", "socket", "run", "--rm", "host", "echo", "hello"}, here);
    INFO(result);
    CHECK(result.out == "hello\n");
    daemon.signal(SIGTERM);
    CHECK(daemon.wait() == 0);
}
