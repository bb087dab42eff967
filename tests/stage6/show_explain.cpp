// run --explain: the making of a container, told on its standard error.
#include "tests/stage6/engine_scene.hpp"

static bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("run --explain tells the calls that make the container, and then its command runs",
          "[stage6][show]") {
    EngineScene scene;
    const Result result =
        scene.run_client({"run", "--explain", "--rm", "host", "sh", "-c", "echo hello; exit 4"});
    INFO(result);
    CHECK(result.exit_code == 4);
    CHECK(result.out == "hello\n");
    CHECK(holds(result.err, "     us  process         manual page       call\n"));
    for (const char* call : {"CLONE_NEWPID", "pivot_root(\".\", \".\") = 0", "sethostname(",
                             "seccomp(SECCOMP_SET_MODE_FILTER, ", "capset(effective ",
                             "prctl(PR_CAPBSET_DROP, ", "close_range(3, ~0, "}) {
        INFO(call);
        CHECK(holds(result.err, call));
    }
    const Result silent = scene.run_client({"run", "--rm", "host", "true"});
    CHECK(silent.err.empty());
}

TEST_CASE("an explained command that cannot be executed is reported as ever", "[stage6][show]") {
    EngineScene scene;
    const Result result = scene.run_client({"run", "--explain", "--rm", "host", "nosuch"});
    INFO(result);
    CHECK(result.exit_code == 127);
}

TEST_CASE("a terminal is refused with --explain", "[stage6][show]") {
    EngineScene scene;
    const auto explained = [](Json& body) {
        body["Image"] = "host";
        body["Cmd"] = Json::array({"true"});
        body["HostConfig"]["Annotations"]["slipway.explain"] = "lines";
    };
    Json body;
    explained(body);
    body["Tty"] = true;
    CHECK(scene.request("POST", "/containers/create", body.text()).status == 400);
    body["Tty"] = false;
    body["HostConfig"]["Annotations"]["slipway.explain"] = "verse";
    CHECK(scene.request("POST", "/containers/create", body.text()).status == 400);
}
