// Article 5's suite of this name: grandchildren that leave the process group are the shim's, which
// is their subreaper.
#include <unistd.h>

#include "stage3-namespaces/orphans.hpp"
#include "tests/stage6/kept_processes.hpp"

// A grandchild in a session of its own, whose parent ends at once; it prints its number, as its
// own namespace has it, and goes on as the command.
static std::vector<std::string> with_escaped(const std::string& command, const std::string& after) {
    return {"sh", "-c", "(setsid sh -c 'echo $$; exec " + command + "' &); " + after};
}

static pid_t printed_pid(const EngineScene& scene) {
    scene.wait_for_logged("web", "\n");
    return static_cast<pid_t>(std::stol(scene.logs("web").out));
}

TEST_CASE("who leaves the process group of a plain process becomes a child of its shim",
          "[stage6][engine][grandchildren]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", with_escaped("sleep 1000", "exec sleep 1000"));
    const pid_t grandchild = printed_pid(scene);
    wait_until([&] { return parent_of(grandchild) == scene.shim_of(id); },
               "the shim is its parent");
}

TEST_CASE("who left the process group ends with the container, however that ends",
          "[stage6][engine][grandchildren]") {
    EngineScene scene{"orchestrator"};
    for (const std::string end : {"stop?t=0", "kill", "kill?signal=TERM"}) {
        INFO(end);
        scene.run_detached("web", with_escaped("sleep 1000", "exec sleep 1000"));
        const pid_t grandchild = printed_pid(scene);
        CHECK(process_exists(grandchild));
        CHECK(scene.request("POST", "/containers/web/" + end).status == 204);
        scene.wait("web");
        CHECK_FALSE(process_exists(grandchild));
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    }
}

TEST_CASE("who left the process group does not outlive a container that ends by itself",
          "[stage6][engine][grandchildren]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        INFO(isolation);
        const std::string mark = "3000" + std::to_string(::getpid());
        scene.run_detached("web", with_escaped("sleep " + mark, "sleep 0.1; exit 6"),
                           with_isolation(isolation));
        CHECK(scene.wait("web") == 6);
        CHECK(processes_with("sleep" + std::string(1, '\0') + mark + '\0').empty());
        CHECK(scene.request("DELETE", "/containers/web").status == 204);
    }
}

TEST_CASE("who left the process group and ends is reaped while the container runs",
          "[stage6][engine][grandchildren]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", with_escaped("sleep 0.1", "exec sleep 1000"));
    const pid_t grandchild = printed_pid(scene);
    wait_until([&] { return !process_exists(grandchild); }, "the grandchild was reaped");
    CHECK(scene.status("web") == "running");
    CHECK(process_exists(scene.shim_of(id)));
}
