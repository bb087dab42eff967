// Signals, stop and wait: what the verbs do beside changing a state.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "tests/stage3/container.hpp"
#include "tests/stage6/engine_scene.hpp"

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

// Its shim gives whoever holds its output another two seconds, in which the daemon knows of no end.
TEST_CASE("to stop what has ended, and is not told yet, is no failure", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    const pid_t process = scene.process_of(id);
    const std::string path = "/proc/" + std::to_string(process) + "/fd/1";
    const Fd output{check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "open", path)};
    check(::kill(process, SIGKILL), "kill", std::to_string(process));
    wait_until([&] { return !process_exists(process); }, "the shim has reaped it");
    const Answer answer = scene.request("POST", "/containers/web/stop");
    INFO(answer);
    CHECK((answer.status == 204 || answer.status == 304));  // where it was told in between
    CHECK(scene.exit_code("web") == 137);
}

TEST_CASE("a start waits for what is left of a shim that was killed", "[stage6][engine]") {
    EngineScene scene;
    const std::string id = scene.create("web", {"sh", "-c", "exit 3"});
    // As a child of that shim does which has not come to its exec, and is about to die.
    const std::string lock = scene.directory(id) + "/" + kLockFile;
    Fd held{check(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open", lock)};
    check(::flock(held.get(), LOCK_EX), "lock", lock);
    Talk start{scene.socket()};
    start.request("POST", "/containers/web/start", "Connection: close\r\n");
    ::poll(nullptr, 0, 300);  // an error would come at once
    CHECK_FALSE(start.has_input());
    held.close();
    const auto has_answered = [&] { return start.has_input(); };
    wait_until(has_answered, "the start is answered");
    CHECK(read_answer(start).status == 204);
    CHECK(scene.wait("web") == 3);
}
