// Article 5's suite of this name: containers survive a SIGKILL of the daemon, in whatever state.
#include <signal.h>

#include "common/file.hpp"
#include "tests/stage6/kept_processes.hpp"

static int post(const EngineScene& scene, const std::string& path) {
    return scene.request("POST", "/containers/" + path).status;
}

TEST_CASE("created and running containers survive a SIGKILL of the daemon",
          "[stage6][engine][recovery]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        INFO(isolation);
        scene.create("made", {"sh", "-c", "echo made; exit 4"}, with_isolation(isolation));
        const std::string id = scene.run_detached(
            "runs", {"sh", "-c", "echo one; read line; echo $line; exit 5"}, [&](Json& body) {
                with_isolation(isolation)(body);
                body["OpenStdin"] = true;
            });
        scene.wait_for_logged("runs", "one\n");
        const Json before = *scene.inspect("runs").find("State");
        scene.restart();
        CHECK(scene.status("made") == "created");
        CHECK(*scene.inspect("runs").find("State") == before);
        CHECK(process_exists(scene.process_of(id)));
        CHECK(post(scene, "made/start") == 204);
        CHECK(scene.wait("made") == 4);
        Talk talk{scene.socket()};
        talk.request("POST", "/containers/runs/attach?stream=1&stdin=1&stdout=1",
                     "Connection: Upgrade\r\nUpgrade: tcp\r\n");
        CHECK(talk.read_head().starts_with("HTTP/1.1 101 "));
        talk.send("two\n");
        CHECK(scene.wait("runs") == 5);
        CHECK(scene.logs("runs").out == "one\ntwo\n");
        for (const char* name : {"made", "runs"}) {
            CHECK(scene.request("DELETE", std::string{"/containers/"} + name).status == 204);
        }
    }
}

TEST_CASE("an exit while no daemon is there is found with its code", "[stage6][engine][recovery]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        INFO(isolation);
        const std::string id = scene.run_detached(
            "web", {"sh", "-c", "trap 'exit 33' USR1; echo ready; while :; do sleep 0.01; done"},
            with_isolation(isolation));
        scene.wait_for_logged("web", "ready\n");
        const pid_t shim = scene.shim_of(id);
        const pid_t process = scene.process_of(id);
        scene.kill_daemon();
        CHECK(::kill(process, SIGUSR1) == 0);
        wait_until([&] { return !process_exists(shim); }, "the shim has ended");
        scene.start_daemon();
        CHECK(scene.status("web") == "exited");
        CHECK(scene.exit_code("web") == 33);
        CHECK(post(scene, "web/start") == 204);
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    }
}

TEST_CASE("what a container is called, may use and does at its end survives too",
          "[stage6][engine][recovery]") {
    EngineScene scene;
    scene.create("old", {"sh", "-c", "exit 1"}, with_isolation("none"));
    CHECK(post(scene, "old/rename?name=new") == 204);
    const Answer updated =
        scene.request("POST", "/containers/new/update",
                      R"({"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":2}})");
    INFO(updated);
    CHECK(updated.status == 200);
    scene.restart();
    CHECK(post(scene, "new/start") == 204);
    wait_until([&] { return scene.status("new") == "exited"; }, "it is tried no more");
    CHECK(*scene.inspect("new").find("RestartCount") == Json{2});
    scene.restart();
    CHECK(*scene.inspect("new").find("RestartCount") == Json{2});
    CHECK(scene.status("new") == "exited");
}

TEST_CASE("a removal that was cut short is finished, and its name is free",
          "[stage6][engine][recovery]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.create("web", {"true"});
    scene.kill_daemon();
    // What a daemon leaves that is killed in the middle of a removal.
    CHECK(::rename(scene.directory(id).c_str(), (scene.root() + "/removing/" + id).c_str()) == 0);
    scene.start_daemon();
    CHECK(scene.request("GET", "/containers/web/json").status == 404);
    CHECK_FALSE(file_exists(scene.root() + "/removing/" + id));
    scene.create("web", {"true"});
}
