// run --explain and --step: the making of a container, told on its standard error, or at the
// terminal of whoever asked for it.
#include <signal.h>

#include "tests/stage3/pseudo_terminal.hpp"
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

TEST_CASE("a terminal, or a way of explaining that there is not, is refused", "[stage6][show]") {
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
    for (const char* how : {"verse", "steps", "steps 1", "steps 1 x", "steps 0 1", "steps 1 -1",
                            "steps 1 2 3", "steps 99999999999 1"}) {
        INFO(how);
        body["HostConfig"]["Annotations"]["slipway.explain"] = how;
        CHECK(scene.request("POST", "/containers/create", body.text()).status == 400);
    }
}

TEST_CASE("run --step asks at the client's terminal before each call, until Ctrl-D",
          "[stage6][show]") {
    EngineScene scene;
    const std::string question = "Enter goes on.";
    AtTerminal person{scene.client({"run", "--rm", "--step", "host", "sh", "-c", "echo hel''lo"})};
    for (const char* call : {"clone3(", "MS_REC|MS_PRIVATE", "pivot_root("}) {
        while (person.wait_for("Next: ").find(call) == std::string::npos) {
            person.wait_for(question);
            person.type("\n");
        }
        person.wait_for("Look, before and after: ");
        person.wait_for(question);
        person.type(std::string_view{call} == "pivot_root(" ? kCtrlD : "\n");
    }
    person.wait_for("price of being watched");
    person.wait_for("hello");
    CHECK(person.wait() == 0);
    CHECK(person.modes_are_as_before());
}

TEST_CASE("a client that is killed at a question leaves a container that runs", "[stage6][show]") {
    EngineScene scene;
    {
        AtTerminal person{
            scene.client({"run", "--name", "web", "--step", "host", "sh", "-c", "echo hello"})};
        person.wait_for("Enter goes on.");
    }
    scene.wait_for_logged("web", "hello\n");
    CHECK(scene.wait("web") == 0);
    // Started again nobody is there to be asked.
    const Result again = scene.run_client({"start", "-a", "web"});
    INFO(again);
    CHECK(again.exit_code == 0);
    CHECK(again.out == "hello\n");
    CHECK(holds(again.err, "pivot_root("));
}

TEST_CASE("--step without a terminal is refused before anything is made", "[stage6][show]") {
    EngineScene scene;
    const Result result = scene.run_client({"run", "--name", "web", "--step", "host", "true"});
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(holds(result.err, "--step asks at a terminal"));
    CHECK(scene.run_client({"ps", "-aq"}).out.empty());
}
