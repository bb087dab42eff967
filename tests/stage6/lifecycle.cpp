// Article 5's suite of this name: create, run, start, stop, rm, restart.
#include <ctime>
#include <sstream>

#include "common/file.hpp"
#include "tests/stage6/kept_processes.hpp"

static int post(const EngineScene& scene, const std::string& path) {
    return scene.request("POST", "/containers/" + path).status;
}

TEST_CASE("create, start, stop, restart and remove go through their states",
          "[stage6][engine][lifecycle]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        INFO(isolation);
        const std::string id = scene.create("web", {"sleep", "1000"}, with_isolation(isolation));
        CHECK(scene.status("web") == "created");
        CHECK(post(scene, "web/start") == 204);
        CHECK(scene.status("web") == "running");
        const pid_t first = scene.process_of(id);
        CHECK(process_exists(first));
        CHECK(post(scene, "web/stop?t=0") == 204);
        CHECK(scene.status("web") == "exited");
        CHECK_FALSE(process_exists(first));
        CHECK(post(scene, "web/start") == 204);
        CHECK(scene.status("web") == "running");
        CHECK(post(scene, "web/restart?t=0") == 204);
        CHECK(scene.status("web") == "running");
        CHECK_FALSE(process_exists(scene.process_of(id, 2)));
        CHECK(process_exists(scene.process_of(id, 3)));
        CHECK(scene.request("DELETE", "/containers/web").status == 409);
        CHECK(post(scene, "web/stop?t=0") == 204);
        CHECK(scene.request("DELETE", "/containers/web").status == 204);
        CHECK(scene.request("GET", "/containers/web/json").status == 404);
    }
}

TEST_CASE("restart starts what was never started and what has ended",
          "[stage6][engine][lifecycle]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"sh", "-c", "echo once; exit 3"});
    CHECK(post(scene, "web/restart") == 204);
    CHECK(scene.wait("web") == 3);
    CHECK(post(scene, "web/restart") == 204);
    CHECK(scene.wait("web") == 3);
    CHECK(scene.logs("web").out == "once\nonce\n");
    CHECK(*scene.inspect("web").find("RestartCount") == Json{0});
}

TEST_CASE("restart asks with the signal it is given, waits, and then kills",
          "[stage6][engine][lifecycle]") {
    EngineScene scene{"orchestrator"};
    const std::string text =
        "trap '' TERM; trap 'echo caught; exit' USR1; echo ready; while :; do sleep 0.01; done";
    scene.run_detached("web", {"sh", "-c", text});
    scene.wait_for_logged("web", "ready\n");
    CHECK(post(scene, "web/restart?signal=USR1&t=60") == 204);
    scene.wait_for_logged("web", "ready\ncaught\nready\n");
    CHECK(post(scene, "web/restart?t=0") == 204);
    scene.wait_for_logged("web", "ready\ncaught\nready\nready\n");
    CHECK(post(scene, "web/restart?signal=NOSUCH") == 400);
}

TEST_CASE("restart does not remove what is to be removed at its end",
          "[stage6][engine][lifecycle]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sleep", "1000"},
                       [](Json& body) { body["HostConfig"]["AutoRemove"] = true; });
    CHECK(post(scene, "web/restart?t=0") == 204);
    CHECK(scene.status("web") == "running");
    Talk removed{scene.socket()};
    removed.request("POST", "/containers/web/wait?condition=removed");
    removed.read_head();
    CHECK(post(scene, "web/kill") == 204);
    removed.wait_for("\"StatusCode\":137");
    CHECK(scene.request("GET", "/containers/web/json").status == 404);
}

// The options of the mount that is the container's root: "ro,lowerdir=...".
static std::string root_of(pid_t process) {
    std::istringstream mounts{read_file("/proc/" + std::to_string(process) + "/mountinfo")};
    for (std::string line; std::getline(mounts, line);) {
        if (line.find(" / / ") != line.npos) return line;
    }
    return {};
}

TEST_CASE("what is removed with its container is not written to disk when that ends",
          "[stage6][engine][lifecycle]") {
    EngineScene scene;
    const std::string kept = scene.run_detached("kept", {"sleep", "1000"});
    if (root_of(scene.process_of(kept)).find(" - overlay ") == std::string::npos) {
        skip("no overlay in TMPDIR");
    }
    CHECK(root_of(scene.process_of(kept)).find("volatile") == std::string::npos);
    const std::string id = scene.run_detached(
        "gone", {"sh", "-c", "cat /mark; echo first >/mark; echo ready; exec sleep 1000"},
        [](Json& body) { body["HostConfig"]["AutoRemove"] = true; });
    CHECK(root_of(scene.process_of(id)).find("volatile") != std::string::npos);
    scene.wait_for_logged("gone", "ready\n");
    // Overlay refuses a volatile one that was mounted before; and what was written is still there.
    CHECK(post(scene, "gone/restart?t=0") == 204);
    scene.wait_for_logged("gone", "first\nready\n");
    CHECK(root_of(scene.process_of(id, 2)).find("volatile") != std::string::npos);
}

TEST_CASE("a restart that fails says so, and of what", "[stage6][engine][lifecycle]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"nosuch"});
    const Answer answer = scene.request("POST", "/containers/web/restart");
    INFO(answer);
    CHECK(answer.status == 400);
    CHECK(answer.message() ==
          "Cannot restart container web: exec: \"nosuch\": executable file not found in $PATH");
}

TEST_CASE("rename gives another name, once, and it survives a kill -9",
          "[stage6][engine][lifecycle]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("old", {"sleep", "1000"});
    const std::string other = scene.create("other", {"true"});
    const auto refuse = [&](const std::string& name, int status, const std::string& text) {
        const Answer answer = scene.request("POST", "/containers/old/rename?name=" + name);
        INFO(answer);
        CHECK(answer.status == status);
        CHECK(answer.message() == text);
    };
    refuse("", 400, "Neither old nor new names may be empty");
    refuse("old", 400, "Renaming a container with the same name as its current name");
    refuse("%2Fold", 400, "Renaming a container with the same name as its current name");
    refuse("a%2Fb", 400,
           "Error when allocating new name: Invalid container name (/a/b), only "
           "[a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    refuse("other", 409,
           "Error when allocating new name: Conflict. The container name \"/other\" is already in "
           "use by container \"" +
               other +
               "\". You have to remove (or rename) that container to be able to reuse that name.");
    CHECK(post(scene, "old/rename?name=new") == 204);
    scene.restart();
    CHECK(scene.request("GET", "/containers/old/json").status == 404);
    CHECK(*scene.inspect("new").find("Id") == Json{id});
    CHECK(*scene.inspect("new").find("Name") == Json{"/new"});
    CHECK(scene.status("new") == "running");
    scene.create("old", {"true"});
}

TEST_CASE("what happened is told in Docker's order", "[stage6][engine][lifecycle]") {
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sleep", "1000"}, with_isolation("none"));
    CHECK(post(scene, "web/pause") == 204);
    CHECK(post(scene, "web/unpause") == 204);
    CHECK(post(scene, "web/rename?name=www") == 204);
    CHECK(post(scene, "www/restart?t=60") == 204);
    CHECK(post(scene, "www/stop?t=60") == 204);
    CHECK(post(scene, "www/start") == 204);
    CHECK(scene.request("DELETE", "/containers/www?force=1").status == 204);
    const Answer all = scene.request("GET", "/events?since=1&until=" + next_second());
    std::string actions;
    std::string_view rest = all.body;
    for (auto at = rest.find("\"Action\":\""); at != std::string_view::npos;
         at = rest.find("\"Action\":\"")) {
        rest.remove_prefix(at + 10);
        actions += std::string{rest.substr(0, rest.find('"'))} + " ";
    }
    INFO(all);
    CHECK(actions ==
          "create start pause unpause rename kill die stop start restart kill die stop start kill "
          "die destroy ");
    CHECK(all.body.find("\"oldName\":\"/web\"") != std::string::npos);
    CHECK(all.body.find("\"signal\":\"15\"") != std::string::npos);
    CHECK(all.body.find("\"signal\":\"9\"") != std::string::npos);
    CHECK(all.body.find("\"exitCode\":\"143\"") != std::string::npos);
}

TEST_CASE("every exit code of a container arrives, by every way", "[stage6][engine][slow]") {
    EngineScene scene{"orchestrator"};
    for (int code = 0; code < 256; ++code) {
        const std::string name = "code" + std::to_string(code);
        scene.run_detached(name, {"sh", "-c", "exit " + std::to_string(code)});
        REQUIRE(scene.wait(name) == code);
        REQUIRE(scene.exit_code(name) == code);
    }
    scene.restart();
    for (int code = 0; code < 256; ++code) {
        REQUIRE(scene.exit_code("code" + std::to_string(code)) == code);
    }
    REQUIRE(scene.run_client({"start", "-a", "code200"}).exit_code == 200);
}

TEST_CASE("much use leaves no descriptor in the daemon", "[stage6][engine][slow]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sleep", "1000"});
    const std::size_t before = scene.descriptors();
    for (int i = 0; i < 10'000; i += 100) {
        Talk talk{scene.socket()};
        std::string requests;
        for (int n = 0; n < 100; ++n) requests += "GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n";
        talk.send(requests);
        talk.end_sending();
        talk.read_to_end();
    }
    for (int i = 0; i < 100; ++i) {
        scene.run_detached("one", {"true"});
        scene.wait("one");
        CHECK(scene.request("DELETE", "/containers/one?force=1").status == 204);
    }
    for (int i = 0; i < 200; ++i) {
        Talk talk{scene.socket()};
        const bool follows = i % 2 == 0;
        talk.request(follows ? "GET" : "POST", follows
                                                   ? "/containers/web/logs?stdout=1&follow=1"
                                                   : "/containers/web/attach?stream=1&stdout=1");
        talk.read_head();
    }
    wait_until([&] { return scene.descriptors() <= before; }, "the descriptors to be given back");
}
