// The exercises 6.4 to 6.6, for the programs of a reader's (make exercise EX=6.4 DAEMON=...
// CLI=...).
#include <signal.h>

#include <algorithm>

#include "tests/stage6/engine_scene.hpp"

// --- 6.4: what the records say ------------------------------------------------------------------

TEST_CASE("exercise 6.4: what ran before the daemon was killed runs on, and is known",
          "[.][ex-6.4]") {
    hint("the lock is held and there is a started record: open_process, then lifecycle.watch");
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    const pid_t process = scene.process_of(id);
    scene.restart();
    CHECK(scene.status("web") == "running");
    CHECK(scene.inspect("web").find("State")->find("Pid")->as_integer() == process);
    CHECK(scene.request("POST", "/containers/web/stop?t=0").status == 204);
    CHECK(scene.exit_code("web") == 137);
}

TEST_CASE("exercise 6.4: what ended while there was no daemon has its exit code", "[.][ex-6.4]") {
    hint("no lock, and an exit record: lifecycle.finish reads it");
    EngineScene scene;
    const std::string script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done";
    const std::string id = scene.run_detached("web", {"sh", "-c", script});
    scene.wait_for_logged("web", "ready\n");
    const pid_t shim = scene.shim_of(id);
    const pid_t process = scene.process_of(id);
    scene.kill_daemon();
    CHECK(::kill(process, SIGTERM) == 0);
    wait_until([&] { return !process_exists(shim); }, "the shim has ended");
    scene.start_daemon();
    CHECK(scene.status("web") == "exited");
    CHECK(scene.exit_code("web") == 7);
}

TEST_CASE("exercise 6.4: what was never started is created still", "[.][ex-6.4]") {
    hint("no lock and no record: number is 0, and that is all");
    EngineScene scene;
    scene.create("later", {"sh", "-c", "exit 4"});
    scene.restart();
    CHECK(scene.status("later") == "created");
    scene.start("later");
    CHECK(scene.wait("later") == 4);
}

TEST_CASE("exercise 6.4: a shim that was killed too leaves nobody alive", "[.][ex-6.4]") {
    hint("started, no exit record, a free lock: kill_what_is_left, remove_cgroups, finish");
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    const pid_t shim = scene.shim_of(id);
    const pid_t process = scene.process_of(id);
    scene.kill_daemon();
    CHECK(::kill(shim, SIGKILL) == 0);
    wait_until([&] { return !process_exists(shim); }, "the shim has gone");
    scene.start_daemon();
    CHECK(scene.status("web") == "exited");
    CHECK(scene.exit_code("web") == 255);
    CHECK(scene.error("web") == "shim died");
    wait_until([&] { return !process_exists(process); }, "the container has gone");
}

// --- 6.5: keep N of them ------------------------------------------------------------------------

// The names of those that run, "web-1 web-2".
static std::string running(const EngineScene& scene) {
    const Json list = scene.request("GET", "/containers/json").json();
    std::vector<std::string> names;
    for (const Json& one : list.as_array()) {
        names.push_back(one.find("Names")->as_array().at(0).as_string().substr(1));
    }
    std::ranges::sort(names);
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
    return text;
}

static void wait_until_running(const EngineScene& scene, const std::string& names) {
    wait_until([&] { return running(scene) == names; }, "running: " + names);
}

static std::vector<std::string> keep(const EngineScene& scene, const std::string& count,
                                     std::vector<std::string> command) {
    std::vector<std::string> words{"keep", count, "web", "--"};
    words.insert(words.end(), command.begin(), command.end());
    return scene.client(words);
}

TEST_CASE("exercise 6.5: as many are started as were asked for", "[.][ex-6.5]") {
    hint("POST /containers/create?name=web-1, then /containers/web-1/start");
    EngineScene scene;
    Process keeper{keep(scene, "3", {"sleep", "1000"})};
    wait_until_running(scene, "web-1 web-2 web-3");
}

TEST_CASE("exercise 6.5: whatever ends is started again", "[.][ex-6.5]") {
    hint("GET /events, with a filter for the action die, is an answer that never ends");
    EngineScene scene;
    Process keeper{keep(scene, "2", {"sleep", "1000"})};
    wait_until_running(scene, "web-1 web-2");
    for (int round = 0; round < 3; ++round) {
        const pid_t before =
            static_cast<pid_t>(scene.inspect("web-2").find("State")->find("Pid")->as_integer());
        CHECK(scene.request("POST", "/containers/web-2/kill").status == 204);
        wait_until(
            [&] {
                const Json state = *scene.inspect("web-2").find("State");
                return state.find("Running")->as_bool() &&
                       state.find("Pid")->as_integer() != before;
            },
            "web-2 runs again");
    }
    CHECK(running(scene) == "web-1 web-2");
}

TEST_CASE("exercise 6.5: what was removed is made anew, and strangers are left alone",
          "[.][ex-6.5]") {
    hint("the one that died may be gone: a start that answers 404 wants a create");
    EngineScene scene;
    Process keeper{keep(scene, "2", {"sleep", "1000"})};
    wait_until_running(scene, "web-1 web-2");
    scene.run_detached("web-of-mine", {"true"});
    scene.wait("web-of-mine");
    CHECK(scene.request("DELETE", "/containers/web-1?force=1").status == 204);
    wait_until_running(scene, "web-1 web-2");
    CHECK(scene.status("web-of-mine") == "exited");
}

TEST_CASE("exercise 6.5: a keeper that begins again finds what is there", "[.][ex-6.5]") {
    hint("ask for the events first and look at the containers then: nothing falls in between");
    EngineScene scene;
    {
        Process keeper{keep(scene, "2", {"sleep", "1000"})};
        wait_until_running(scene, "web-1 web-2");
    }
    const Json kept = *scene.inspect("web-1").find("State")->find("Pid");
    CHECK(scene.request("POST", "/containers/web-2/kill").status == 204);
    CHECK(running(scene) == "web-1");
    Process keeper{keep(scene, "2", {"sleep", "1000"})};
    wait_until_running(scene, "web-1 web-2");
    CHECK(*scene.inspect("web-1").find("State")->find("Pid") == kept);
}

// --- 6.6: the first of several ------------------------------------------------------------------

TEST_CASE("exercise 6.6: the first that ends is told, and the others are not waited for",
          "[.][ex-6.6]") {
    hint("one POST /containers/NAME/wait for each, all at a time, and one poll(2)");
    EngineScene scene;
    for (const std::string name : {"slow", "also-slow"}) {
        scene.run_detached(name, {"sleep", "1000"});
    }
    scene.run_detached(
        "quick", {"sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done"});
    scene.wait_for_logged("quick", "ready\n");
    Process waiting{scene.client({"wait", "--any", "slow", "quick", "also-slow"})};
    CHECK(scene.request("POST", "/containers/quick/stop?t=60").status == 204);
    CHECK(waiting.read_line() == "quick 9");
    CHECK(waiting.wait() == 0);
    CHECK(waiting.out() == "quick 9\n");
    CHECK(scene.status("slow") == "running");
}

TEST_CASE("exercise 6.6: one that has ended before counts at once", "[.][ex-6.6]") {
    hint("the answer may have come together with its head: then poll sees nothing more");
    EngineScene scene;
    scene.run_detached("slow", {"sleep", "1000"});
    scene.run_detached("over", {"sh", "-c", "exit 4"});
    scene.wait("over");
    const Result first = scene.run_client({"wait", "--any", "slow", "over"});
    INFO(first);
    CHECK(first.out == "over 4\n");
    CHECK(first.exit_code == 0);
}

TEST_CASE("exercise 6.6: of one that is not there nobody waits", "[.][ex-6.6]") {
    EngineScene scene;
    scene.run_detached("slow", {"sleep", "1000"});
    const Result result = scene.run_client({"wait", "--any", "slow", "no-such"});
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(result.out.empty());
    CHECK(result.err.find("No such container: no-such") != std::string::npos);
}
