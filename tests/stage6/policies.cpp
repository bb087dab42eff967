// Restart policies and health checks, through the API.
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "common/file.hpp"
#include "tests/stage6/kept_processes.hpp"

static int post(const EngineScene& scene, const std::string& path) {
    return scene.request("POST", "/containers/" + path).status;
}

static std::function<void(Json&)> with_policy(const std::string& name, int count = 0) {
    return [name, count](Json& body) {
        body["HostConfig"]["Isolation"] = "none";
        body["HostConfig"]["RestartPolicy"] =
            Json::object({{"Name", name}, {"MaximumRetryCount", count}});
    };
}

static std::int64_t restarts_of(const EngineScene& scene) {
    return scene.inspect("web").find("RestartCount")->as_integer();
}

TEST_CASE("always starts a container again, whatever its code, with growing delays",
          "[stage6][engine][policies]") {
    EngineScene scene;
    scene.run_detached("web", {"sh", "-c", "echo run"}, with_policy("always"));
    // All in one answer: its time may come between two.
    const auto waits = [&] {
        const Json shown = scene.inspect("web");
        const Json& state = *shown.find("State");
        return shown.find("RestartCount")->as_integer() >= 4 && state.find("Running")->as_bool() &&
               state.find("Restarting")->as_bool();
    };
    wait_until(waits, "it was started again four times, and waits");
    CHECK(scene.logs("web").out.starts_with("run\nrun\nrun\nrun\n"));
    const auto is_listed = [&] {
        const std::string list = scene.request("GET", "/containers/json").body;
        return list.find("\"Status\":\"Restarting (0) ") != std::string::npos;
    };
    wait_until(is_listed, "the list shows that it waits");
}

TEST_CASE("on-failure starts it again after a failure, as often as it is told to",
          "[stage6][engine][policies]") {
    EngineScene scene;
    scene.run_detached("web", {"sh", "-c", "echo run; exit 3"}, with_policy("on-failure", 2));
    wait_until([&] { return scene.status("web") == "exited"; }, "it is tried no more");
    CHECK(scene.logs("web").out == "run\nrun\nrun\n");
    CHECK(restarts_of(scene) == 2);
    CHECK(scene.exit_code("web") == 3);
    // Whoever starts it begins to count anew.
    CHECK(post(scene, "web/start") == 204);
    wait_until([&] { return restarts_of(scene) == 2 && scene.status("web") == "exited"; },
               "it is tried no more");
    CHECK(scene.logs("web").out == "run\nrun\nrun\nrun\nrun\nrun\n");
    CHECK(scene.request("DELETE", "/containers/web").status == 204);

    scene.run_detached("web", {"true"}, with_policy("on-failure"));
    CHECK(scene.wait("web") == 0);
    CHECK(scene.status("web") == "exited");
    CHECK(restarts_of(scene) == 0);
}

TEST_CASE("who is stopped by hand is not started again", "[stage6][engine][policies]") {
    EngineScene scene;
    for (const std::string policy : {"always", "unless-stopped", "on-failure"}) {
        for (const std::string verb : {"stop?t=0", "kill"}) {
            INFO(policy << " " << verb);
            scene.run_detached("web", {"sleep", "1000"}, with_policy(policy));
            CHECK(post(scene, "web/" + verb) == 204);
            CHECK(scene.status("web") == "exited");
            CHECK(restarts_of(scene) == 0);
            CHECK(scene.request("DELETE", "/containers/web").status == 204);
        }
    }
}

TEST_CASE("a container that waits for its restart is stopped at once",
          "[stage6][engine][policies]") {
    EngineScene scene;
    const std::string stays = temporary_directory() + "/stays";
    scene.run_detached("web", {"sh", "-c", "test -e " + stays + " && exec sleep 1000"},
                       with_policy("always"));
    wait_until([&] { return restarts_of(scene) >= 3 && scene.status("web") == "restarting"; },
               "it waits");
    CHECK(post(scene, "web/stop") == 204);
    CHECK(scene.status("web") == "exited");
    write_file(stays, "");
    CHECK(post(scene, "web/start") == 204);
    CHECK(restarts_of(scene) == 0);
    const Json shown = scene.inspect("web");
    const auto process = static_cast<pid_t>(shown.find("State")->find("Pid")->as_integer());
    CHECK(::kill(process, SIGKILL) == 0);
    wait_until([&] { return restarts_of(scene) == 1 && scene.status("web") == "running"; },
               "it is started again");
    CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    CHECK(scene.request("GET", "/containers/web/json").status == 404);
}

TEST_CASE("a new daemon starts what its policy says", "[stage6][engine][policies]") {
    struct Row {
        std::string policy;
        bool by_hand;  // stopped by the user before the daemon was killed
        bool starts;
    };
    EngineScene scene;
    const std::vector<Row> rows = {{"no", false, false},
                                   {"always", false, true},
                                   {"always", true, true},
                                   {"unless-stopped", false, true},
                                   {"unless-stopped", true, false},
                                   {"on-failure", false, true},
                                   {"on-failure", true, false}};
    std::vector<pid_t> processes, shims;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string name = "web" + std::to_string(i);
        const std::string id =
            scene.run_detached(name, {"sleep", "1000"}, with_policy(rows[i].policy));
        if (rows[i].by_hand) CHECK(post(scene, name + "/stop?t=0") == 204);
        processes.push_back(scene.process_of(id));
        shims.push_back(scene.shim_of(id));
    }
    scene.kill_daemon();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!rows[i].by_hand) ::kill(processes[i], SIGKILL);
    }
    wait_until(
        [&] { return std::ranges::none_of(shims, [](pid_t pid) { return process_exists(pid); }); },
        "all have ended");
    scene.start_daemon();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string name = "web" + std::to_string(i);
        INFO(rows[i].policy << (rows[i].by_hand ? ", stopped by hand" : ""));
        if (rows[i].starts) {
            wait_until([&] { return scene.status(name) == "running"; }, "it was started");
        } else {
            CHECK(scene.status(name) == "exited");
        }
    }
}

TEST_CASE("a policy that cannot be is refused with Docker's words", "[stage6][engine][policies]") {
    EngineScene scene;
    const auto refuse = [&](const std::string& host, const std::string& text) {
        const Answer answer =
            scene.request("POST", "/containers/create",
                          R"({"Image":"host","Cmd":["true"],"HostConfig":)" + host + "}");
        INFO(answer);
        CHECK(answer.status == 400);
        CHECK(answer.message() == text);
    };
    refuse(R"({"RestartPolicy":{"Name":"often"}})",
           "invalid restart policy: unknown policy 'often'; use one of 'no', 'always', "
           "'on-failure', or 'unless-stopped'");
    refuse(R"({"RestartPolicy":{"Name":"always","MaximumRetryCount":3}})",
           "invalid restart policy: maximum retry count can only be used with 'on-failure'");
    refuse(R"({"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":-1}})",
           "invalid restart policy: maximum retry count cannot be negative");
    refuse(R"({"RestartPolicy":{"Name":"always"},"AutoRemove":true})",
           "can't create 'AutoRemove' container with restart policy");
    CHECK(scene.request("GET", "/containers/json?all=1").body.starts_with("[]"));
}

TEST_CASE("who waits for an exit learns its code, also if a restart follows",
          "[stage6][engine][policies]") {
    EngineScene scene;
    scene.create("web", {"sh", "-c", "exit 9"}, with_policy("always"));
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/wait?condition=next-exit");
    talk.read_head();
    scene.start("web");
    talk.wait_for("\"StatusCode\":9");
}
