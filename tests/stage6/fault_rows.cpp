// Containers that print too much or too little, and a daemon that has too many of them.
#include <filesystem>
#include <set>

#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"
#include "tests/support/busy.hpp"

static long memory_of(pid_t pid) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
    return std::stol(status.substr(status.find("VmRSS:") + 6));
}

TEST_CASE("a shim does not grow with a line that never ends, and every byte of it is kept",
          "[stage6][faults][lean]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached(
        "web", {"sh", "-c", "head -c 8388608 /dev/zero | tr '\\0' x; echo >&2 done; sleep 1000"});
    const auto has_come = [&] { return scene.logs("web", "&tail=1").err == "done\n"; };
    wait_until(has_come, "it has printed all");
    CHECK(memory_of(scene.shim_of(id)) < 3072);
    CHECK(scene.logs("web").out == std::string(8u << 20, 'x'));
}

TEST_CASE("who closes its output is followed until it ends, and nobody is kept busy by it",
          "[stage6][faults]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached(
        "web", {"sh", "-c",
                "trap 'exit 4' TERM; echo last; exec >/dev/null 2>&1 </dev/null; "
                "while :; do sleep 0.1; done"});
    Process follower{scene.client({"logs", "-f", "web"})};
    CHECK(follower.read_line() == "last");
    CHECK(is_idle(scene.shim_of(id)));
    CHECK(scene.status("web") == "running");
    CHECK(scene.request("POST", "/containers/web/stop?t=60").status == 204);
    CHECK(follower.wait() == 0);
    CHECK(scene.exit_code("web") == 4);
}

TEST_CASE("a daemon with a thousand old containers knows them all, and serves new ones",
          "[stage6][faults]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"sh", "-c", "exit 3"});
    scene.wait("web");
    scene.kill_daemon();
    const std::string state = read_file(scene.directory(id) + "/state.json");
    std::vector<std::string> copies;
    for (int number = 1000; number < 2000; ++number) {
        copies.push_back(std::to_string(number) + std::string(60, 'a'));
        const std::string copy = scene.directory(copies.back());
        std::filesystem::copy(scene.directory(id), copy, std::filesystem::copy_options::recursive);
        std::string own = state;
        own.replace(own.find("web"), 3, "web" + std::to_string(number));
        write_file(copy + "/state.json", own);
    }
    scene.start_daemon();
    const Json list = scene.request("GET", "/containers/json?all=1").json();
    std::set<std::string> names;
    for (const Json& container : list.as_array()) {
        CHECK(container.find("State")->as_string() == "exited");
        names.insert(container.find("Names")->as_array()[0].as_string());
    }
    CHECK(names.size() == 1001);
    CHECK(names.contains("/web1999"));
    CHECK(scene.exit_code("web1500") == 3);
    scene.run_detached("new", {"sh", "-c", "exit 4"});
    CHECK(scene.wait("new") == 4);
    CHECK(scene.request("DELETE", "/containers/" + copies[7]).status == 204);
    CHECK(scene.request("GET", "/containers/json?all=1").json().as_array().size() == 1001);
    scene.kill_daemon();
    for (const auto& copy : copies) std::filesystem::remove_all(scene.directory(copy));
}
