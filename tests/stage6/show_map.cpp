// slipway map.
#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

static bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("a map shows daemon, shim and the container's processes as a tree", "[stage6][show]") {
    EngineScene scene;
    const std::string id =
        scene.run_detached("box", {"sh", "-c", "sleep 1000 & sleep 1001 & wait"});
    // A child that has not become its program yet has its parent's command line.
    const auto both_sleep = [&] {
        const std::string top = scene.request("GET", "/containers/box/top").body;
        return holds(top, "\"sleep 1000\"") && holds(top, "\"sleep 1001\"");
    };
    wait_until(both_sleep, "both children are there");
    const Result result = scene.run_client({"map", "box"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    const std::string first = std::to_string(scene.process_of(id));
    CHECK(result.out.starts_with("box (" + id.substr(0, 12) + "), image host, running\n"));
    CHECK(holds(result.out, "  daemon  " + std::to_string(scene.pid()) + "  "));
    CHECK(holds(result.out, "  shim    " + std::to_string(scene.shim_of(id)) + "  "));
    CHECK(holds(result.out, "child of the daemon\n"));
    CHECK(holds(result.out, "          └─ " + first + " (inside 1)  sh -c "));
    CHECK(holds(result.out, "             ├─ "));
    // By their numbers, of which the second may be the smaller one.
    CHECK((holds(result.out, "  sleep 1000\n             └─ ") ||
           holds(result.out, "  sleep 1001\n             └─ ")));
    CHECK(holds(result.out, "/shim.lock\n"));
}

TEST_CASE("a map says which namespaces are the container's own", "[stage6][show]") {
    EngineScene scene;
    const std::string id = scene.run_detached(
        "box", {"sleep", "1000"}, [](Json& body) { body["HostConfig"]["NetworkMode"] = "host"; });
    const Result result = scene.run_client({"map", "box"});
    INFO(result);
    const auto line_of = [&](const std::string& name) {
        const auto at = result.out.find("\n  " + name + " ");
        REQUIRE(at != std::string::npos);
        return result.out.substr(at + 1, result.out.find('\n', at + 1) - at - 1);
    };
    for (const char* own : {"pid", "mnt", "uts", "ipc"}) {
        CHECK(line_of(own).ends_with(" different from yours"));
    }
    CHECK(line_of("net").ends_with(" the same as yours"));
    CHECK(holds(result.out, "  proc  /proc "));
}

TEST_CASE("a map of a container whose daemon was killed names the shim's new parent",
          "[stage6][show]") {
    EngineScene scene;
    scene.run_detached("box", {"sleep", "1000"});
    scene.kill_daemon();
    scene.start_daemon();
    const Result result = scene.run_client({"map", "box"});
    INFO(result);
    CHECK(holds(result.out, ": the daemon that started it is gone\n"));
    CHECK(holds(result.out, "  daemon  " + std::to_string(scene.pid()) + "  "));
}

TEST_CASE("a map is drawn as a figure, whatever the command is called", "[stage6][show]") {
    EngineScene scene;
    scene.run_detached("box", {"sh", "-c", ": '<&>\"'; sleep 1000; :"});
    const std::string file = temporary_directory() + "/box.svg";
    const Result result = scene.run_client({"map", "box", "--svg", file});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.empty());
    const std::string figure = read_file(file);
    INFO(figure);
    CHECK(figure.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 "));
    CHECK(figure.ends_with("</svg>\n"));
    CHECK(holds(figure, "<title>Container box ("));
    CHECK(holds(figure, "<desc>"));
    CHECK(holds(figure, "prefers-color-scheme: dark"));
    CHECK(holds(figure, ": '&lt;&amp;&gt;&quot;'; sleep"));
    CHECK(scene.run_client({"map", "box", "--svg", "-"}).out.starts_with("<svg "));
}

TEST_CASE("a map of a container that does not run is refused", "[stage6][show]") {
    EngineScene scene;
    scene.create("box", {"true"});
    const Result created = scene.run_client({"map", "box"});
    INFO(created);
    CHECK(created.exit_code == 1);
    CHECK(created.err == "slipway: map: there is no process to draw: the container is created\n");
    CHECK(scene.run_client({"map", "nosuch"}).exit_code == 1);
}
