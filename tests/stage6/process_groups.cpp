// Article 5's suite of this name: killpg reaches grandchildren.
#include <unistd.h>

#include "tests/stage6/kept_processes.hpp"

// A shell with a child that answers signals of its own; both say so.
static std::string family(const std::string& child_at_term) {
    return "trap 'echo parent' USR1; trap : TERM; (trap 'echo child' USR1; trap '" + child_at_term +
           "' TERM; echo ready; while :; do sleep 0.01; done) & "
           "wait; while kill -0 $! 2>/dev/null; do wait; done";
}

TEST_CASE("a signal reaches the grandchildren of a plain process", "[stage6][engine][groups]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", family("echo bye; exit")});
    scene.wait_for_logged("web", "ready\n");
    CHECK(scene.request("POST", "/containers/web/kill?signal=USR1").status == 204);
    scene.wait_for_logged("web", "child\n");
    scene.wait_for_logged("web", "parent\n");
    CHECK(scene.status("web") == "running");
}

TEST_CASE("stop lets the grandchildren of a plain process end in their own way",
          "[stage6][engine][groups]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", family("echo bye; exit")});
    scene.wait_for_logged("web", "ready\n");
    CHECK(scene.request("POST", "/containers/web/stop?t=20").status == 204);
    CHECK(scene.logs("web").out.find("bye\n") != std::string::npos);
    CHECK(scene.exit_code("web") != 137);
}

TEST_CASE("in a process namespace a signal is for process 1 alone, and its end is everybody's",
          "[stage6][engine][groups]") {
    EngineScene scene{"orchestrator"};
    const std::string mark = "1000" + std::to_string(::getpid());
    scene.run_detached("web",
                       {"sh", "-c",
                        "(trap 'echo child' USR1; sleep " + mark +
                            ") & trap 'echo parent' USR1; echo ready; while :; do wait; done"},
                       with_isolation("default"));
    scene.wait_for_logged("web", "ready\n");
    wait_until([&] { return processes_with(mark).size() >= 2; }, "the grandchild sleeps");
    CHECK(scene.request("POST", "/containers/web/kill?signal=USR1").status == 204);
    scene.wait_for_logged("web", "parent\n");
    CHECK(scene.logs("web").out == "ready\nparent\n");
    CHECK(scene.request("POST", "/containers/web/stop?t=0").status == 204);
    CHECK(processes_with(mark).empty());
}

TEST_CASE("a group that does not listen is killed whole", "[stage6][engine][groups]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        INFO(isolation);
        const std::string mark = "2000" + std::to_string(::getpid());
        scene.run_detached("web",
                           {"sh", "-c",
                            "trap '' TERM; for i in 1 2 3; do sleep " + mark +
                                " & done; echo ready; while :; do wait; done"},
                           with_isolation(isolation));
        scene.wait_for_logged("web", "ready\n");
        CHECK(processes_with(mark).size() >= 3);
        CHECK(scene.request("POST", "/containers/web/stop?t=0").status == 204);
        CHECK(scene.exit_code("web") == 137);
        CHECK(processes_with(mark).empty());
        CHECK(scene.request("DELETE", "/containers/web").status == 204);
    }
}
