// The daemon killed with SIGKILL and started again: nothing is lost, nothing is left.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <random>

#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

// The moment is the point of these cases: an arbitrary one within the work under way.
static void pass(int milliseconds) {
    ::poll(nullptr, 0, milliseconds);
}

static std::minstd_rand generator() {
    return std::minstd_rand{static_cast<unsigned>(std::hash<std::string>{}(random_name()))};
}

static const std::string kCount = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); echo $i; done";
static const std::string kPrintAndExit =
    "trap 'printf bye; exit 33' USR1; echo ready; while :; do sleep 0.01; done";

TEST_CASE("no number is missing when the daemon is killed while a container counts",
          "[stage6][engine]") {
    for (const char* family : {"slipway", "orchestrator"}) {
        INFO(family);
        EngineScene scene{family};
        scene.run_detached("count", {"sh", "-c", kCount});
        for (int i = 0; i < 3; ++i) {
            scene.restart();
            CHECK_FALSE(scene.status("count") == "created");
        }
        CHECK(scene.wait("count") == 0);
        CHECK((scene.logs("count").out == numbers(100000)));
    }
}

TEST_CASE("every verb works on a container that outlived the daemon", "[stage6][engine]") {
    EngineScene scene;
    const std::string text =
        "trap 'echo caught' USR1; trap 'exit 4' TERM; echo ready; while :; do sleep 0.01; done";
    const std::string id = scene.run_detached("web", {"sh", "-c", text});
    scene.wait_for_logged("web", "ready");
    const std::string began = scene.inspect("web").find("State")->find("StartedAt")->as_string();
    scene.restart();
    CHECK(scene.status("web") == "running");
    CHECK(scene.inspect("web").find("State")->find("StartedAt")->as_string() == began);
    CHECK(scene.inspect("web").find("State")->find("Pid")->as_integer() == scene.process_of(id));
    CHECK(scene.request("POST", "/containers/web/start").status == 304);
    CHECK(scene.request("POST", "/containers/web/kill?signal=USR1").status == 204);
    scene.wait_for_logged("web", "caught");
    Process waiting{scene.client({"wait", "web"})};
    Process follower{scene.client({"logs", "-f", "web"})};
    follower.wait_for_output("caught\n");
    CHECK(scene.request("POST", "/containers/web/stop").status == 204);
    CHECK(scene.exit_code("web") == 4);
    CHECK(waiting.read_line() == "4");
    CHECK(follower.wait() == 0);
    scene.start("web");
    CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    CHECK_FALSE(file_exists(scene.directory(id)));
}

TEST_CASE("what is only created is still so after a restart, and starts",
          "[stage6][engine][contract]") {
    EngineScene scene;
    const std::string id = scene.create("web", {"sh", "-c", "exit 6"});
    scene.restart();
    CHECK(scene.status("web") == "created");
    CHECK(*scene.inspect("web").find("Id") == Json{id});
    scene.start("web");
    CHECK(scene.wait("web") == 6);
}

TEST_CASE("an exit while no daemon is there keeps its code and the last line", "[stage6][engine]") {
    for (const char* family : {"slipway", "orchestrator"}) {
        INFO(family);
        EngineScene scene{family};
        const std::string id = scene.run_detached("web", {"sh", "-c", kPrintAndExit});
        scene.wait_for_logged("web", "ready");
        scene.kill_daemon();
        const pid_t shim = scene.shim_of(id);
        ::kill(scene.process_of(id), SIGUSR1);
        wait_until([&] { return !process_exists(shim); }, "the shim has ended");
        scene.start_daemon();
        CHECK(scene.status("web") == "exited");
        CHECK(scene.exit_code("web") == 33);
        CHECK(scene.logs("web").out == "ready\nbye");
        CHECK(scene.inspect("web").find("State")->find("FinishedAt")->as_string() > "2");
        scene.start("web");
        scene.restart();
        CHECK(scene.status("web") == "running");
    }
}

TEST_CASE("a container to be removed at its exit goes though the daemon was away",
          "[stage6][engine]") {
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sh", "-c", kPrintAndExit}, [](Json& body) {
        body["HostConfig"] = Json::object({{"AutoRemove", true}});
    });
    scene.wait_for_logged("web", "ready");
    scene.kill_daemon();
    const pid_t shim = scene.shim_of(id);
    ::kill(scene.process_of(id), SIGUSR1);
    wait_until([&] { return !process_exists(shim); }, "the shim has ended");
    scene.start_daemon();
    // Where there is no overlay the image's copy goes with it, and that takes its time.
    wait_until([&] { return scene.request("GET", "/containers/web/json").status == 404; },
               "the container has gone");
    CHECK_FALSE(file_exists(scene.directory(id)));
}

struct Killed {
    int after_ms;
    bool acknowledged;  // the daemon had said before that it is done
};

// Sends a request, kills the daemon some milliseconds later, below `most_ms`, and starts it anew.
static Killed kill_amid(EngineScene& scene, const std::string& method, const std::string& path,
                        int most_ms, const std::string& body = "") {
    static auto random = generator();
    Talk talk{scene.socket()};
    talk.request(method, path, {}, body);
    const int after_ms = static_cast<int>(random() % static_cast<unsigned>(most_ms));
    pass(after_ms);
    scene.kill_daemon();
    const bool acknowledged = talk.has_input() && talk.read_to_end().starts_with("HTTP/1.1 20");
    scene.start_daemon();
    return {after_ms, acknowledged};
}

TEST_CASE("a daemon killed while it starts a container leaves it created or running",
          "[stage6][engine]") {
    EngineScene scene;
    for (int round = 0; round < 20; ++round) {
        const std::string id = scene.create("web", {"sh", "-c", "echo ready; sleep 1000"});
        const Killed killed = kill_amid(scene, "POST", "/containers/web/start", 40);
        INFO("killed after " << killed.after_ms << " ms");
        // Waits for a start that is under way still.
        const Answer answer = scene.request("POST", "/containers/web/start");
        INFO(answer);
        CHECK((answer.status == 304 || (answer.status == 204 && !killed.acknowledged)));
        CHECK(scene.status(id) == "running");
        scene.wait_for_logged("web", "ready");
        CHECK(scene.logs("web").out == "ready\n");
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    }
}

static bool is_empty_directory(const std::string& path) {
    return run({"ls", "-A", path}).out.empty();
}

TEST_CASE("a daemon killed while it removes a container has removed it, or not at all",
          "[stage6][engine]") {
    EngineScene scene;
    for (int round = 0; round < 20; ++round) {
        const std::string id = scene.run_detached("web", {"sh", "-c", ">/file; sleep 1000"});
        const Killed killed = kill_amid(scene, "DELETE", "/containers/web?force=1", 30);
        INFO("killed after " << killed.after_ms << " ms");
        const int status = scene.request("DELETE", "/containers/web?force=1").status;
        CHECK((status == 404 || (status == 204 && !killed.acknowledged)));
        CHECK_FALSE(file_exists(scene.directory(id)));
        CHECK(is_empty_directory(scene.root() + "/removing"));
        CHECK(is_empty_directory(scene.root() + "/containers"));
    }
}

TEST_CASE("a daemon killed while it makes a container has made it, or not at all",
          "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    for (int round = 0; round < 20; ++round) {
        const Killed killed =
            kill_amid(scene, "POST", "/containers/create?name=web", 10, R"({"Cmd":["true"]})");
        INFO("killed after " << killed.after_ms << " ms");
        const int status = scene.request("DELETE", "/containers/web").status;
        CHECK((status == 204 || (status == 404 && !killed.acknowledged)));
        CHECK(is_empty_directory(scene.root() + "/creating"));
        CHECK(is_empty_directory(scene.root() + "/containers"));
    }
}

TEST_CASE("a daemon killed while it stops a container leaves it running or ended",
          "[stage6][engine]") {
    EngineScene scene;
    for (int round = 0; round < 10; ++round) {
        const std::string id = scene.run_detached(
            "web", {"sh", "-c", "trap 'exit 12' TERM; echo ready; while :; do sleep 0.01; done"});
        scene.wait_for_logged("web", "ready");
        const Killed killed = kill_amid(scene, "POST", "/containers/web/stop", 30);
        INFO("killed after " << killed.after_ms << " ms");
        if (killed.acknowledged) CHECK(scene.status(id) == "exited");
        scene.request("POST", "/containers/web/stop");
        CHECK(scene.exit_code(id) == 12);
        CHECK(scene.request("DELETE", "/containers/web").status == 204);
    }
}

TEST_CASE("what a killed daemon left half made or half removed goes at the next start",
          "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.create("web", {"true"});
    scene.kill_daemon();
    for (const std::string place : {"/creating/", "/removing/"}) {
        const std::string path = scene.root() + place + std::string(64, 'a');
        make_directories(path + "/work/work");
        write_file(path + "/config.json", "{");
    }
    write_file(scene.directory(id) + "/config.json.tmp", "{");
    write_file(scene.directory(id) + "/exit.1.tmp", "");
    make_directories(scene.root() + "/containers/stray");
    scene.start_daemon();
    CHECK(is_empty_directory(scene.root() + "/creating"));
    CHECK(is_empty_directory(scene.root() + "/removing"));
    CHECK_FALSE(file_exists(scene.directory(id) + "/config.json.tmp"));
    CHECK_FALSE(file_exists(scene.directory(id) + "/exit.1.tmp"));
    const Answer all = scene.request("GET", "/containers/json?all=1");
    CHECK(all.json().as_array().size() == 1);
}

// A power cut leaves no process and no group; who only kills leaves those that torn records name.
TEST_CASE("what a power cut tore of a container that goes at its end is gone at the next start",
          "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const auto fleeting = [](Json& body) { body["HostConfig"]["AutoRemove"] = true; };
    for (const std::string record :
         {"config.json", "state.json", "started.1.json", "exit.1.json"}) {
        INFO(record << " is torn");
        const bool has_run = record.ends_with(".1.json");
        const std::string id = scene.create("web", {"sleep", "1000"}, fleeting);
        if (has_run) scene.start("web");
        const pid_t process = has_run ? scene.process_of(id) : 0;
        scene.kill_daemon();
        if (has_run) ::kill(scene.shim_of(id), SIGKILL);
        wait_until([&] { return !has_run || !process_exists(process); }, "the container has gone");
        write_file(scene.directory(id) + "/" + record, "");
        scene.start_daemon();
        wait_until([&] { return scene.request("GET", "/containers/web/json").status == 404; },
                   "nobody knows the container");
        wait_until([&] { return !file_exists(scene.directory(id)); }, "its directory has gone");
    }
}

TEST_CASE("our clients follow and wait on across a restart of the daemon", "[stage6][engine]") {
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sh", "-c", kPrintAndExit});
    Process follower{scene.client({"logs", "-f", "web"})};
    CHECK(follower.read_line() == "ready");
    scene.restart();
    ::kill(scene.process_of(id), SIGUSR1);
    CHECK(follower.wait() == 0);
    CHECK(follower.out() == "ready\nbye");
    Process foreground{scene.client({"run", "--name", "front", "--", "sh", "-c", kPrintAndExit})};
    CHECK(foreground.read_line() == "ready");
    scene.restart();
    scene.request("POST", "/containers/front/kill?signal=USR1");
    CHECK(foreground.wait() == 33);
    CHECK(foreground.out() == "ready\nbye");
}
