// -t: containers and execs at a terminal of their own.
#include "tests/stage6/exec_scene.hpp"

static void at_terminal(Json& body) {
    body["Tty"] = true;
    body["OpenStdin"] = true;
}

// An attachment to a container that has not been started yet.
static Talk attach(const EngineScene& scene) {
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/attach?stream=1&stdin=1&stdout=1", kUpgradeHeaders);
    const std::string head = talk.read_head();
    CHECK(head.find("application/vnd.docker.raw-stream") != std::string::npos);
    return talk;
}

TEST_CASE("a container with a terminal sees one of its own", "[stage6][terminal]") {
    EngineScene scene;
    scene.create("web",
                 {"sh", "-c",
                  "tty; test -t 0 && test -t 1 && test -t 2 && echo all; echo $TERM;"
                  "ls /dev/pts; echo seen > /dev/console; echo own > /dev/tty"},
                 at_terminal);
    Talk talk = attach(scene);
    scene.start("web");
    CHECK(talk.read_to_end() == "/dev/pts/0\r\nall\r\nxterm\r\n0  ptmx\r\nseen\r\nown\r\n");
    const Answer logs = scene.request("GET", "/containers/web/logs?stdout=1");
    CHECK(logs.body.starts_with("/dev/pts/0\r\nall\r\n"));
}

TEST_CASE("a terminal has the size that was asked for, and a new one at once",
          "[stage6][terminal]") {
    EngineScene scene;
    scene.create("web",
                 {"sh", "-c",
                  "stty size; trap 'stty size; exit' WINCH; echo ready;"
                  "while :; do read -r line; done"},
                 [](Json& body) {
                     at_terminal(body);
                     body["HostConfig"]["ConsoleSize"] = Json::array({33, 101});
                 });
    Talk talk = attach(scene);
    scene.start("web");
    talk.wait_for("ready");
    CHECK(talk.received().starts_with("33 101\r\n"));
    CHECK(scene.request("POST", "/containers/web/resize?h=44&w=120").status == 200);
    // A read that the shell does not interrupt: any key lets the trap run.
    talk.send("\n");
    talk.wait_for("44 120");
    const Answer bad = scene.request("POST", "/containers/web/resize?h=x&w=1");
    CHECK(bad.status == 400);
    CHECK(bad.message() == "invalid resize height \"x\": invalid syntax");
}

TEST_CASE("the keys of a terminal do what they do", "[stage6][terminal]") {
    EngineScene scene;
    // Process 1 has its own way with signals: the cat is a child of it.
    scene.create("web", {"sh", "-c", "trap : INT; cat; echo code $?"}, at_terminal);
    Talk typed = attach(scene);
    scene.start("web");
    typed.send("line\r");
    typed.wait_for("line\r\nline\r\n");  // the echo, then cat's
    typed.send("\x04");
    typed.read_to_end();
    CHECK(typed.received().ends_with("code 0\r\n"));
    Talk again = attach(scene);
    scene.start("web");
    again.send("more\r");
    again.wait_for("more\r\nmore\r\n");
    again.send("\x03");
    again.read_to_end();
    INFO(printable(again.received()));
    CHECK(again.received().ends_with("code 130\r\n"));
}

TEST_CASE("a shell at a terminal has job control", "[stage6][terminal]") {
    EngineScene scene;
    scene.create("web", {"sh", "-i"}, at_terminal);
    Talk talk = attach(scene);
    scene.start("web");
    talk.send("sleep 1000\r");
    talk.wait_for("sleep 1000\r\n");
    const auto has_sleep = [&] {
        const auto names = exec_to_end(scene, "web", {"sh", "-c", "cat /proc/[0-9]*/comm"});
        return names.streams.out.find("sleep\n") != std::string::npos;
    };
    wait_until(has_sleep, "the job");
    talk.send("\x1a");
    talk.wait_for("Stopped");
    talk.send("kill -9 %1; echo $((6 * 7))\r");
    talk.wait_for("42");
    talk.send("exit 5\rexit 5\r");  // the first may only say that there are stopped jobs
    talk.read_to_end();
    CHECK(talk.received().find("can't access tty") == std::string::npos);
    CHECK(scene.exit_code("web") == 5);
}

TEST_CASE("an exec at a terminal has its own, with a size of its own", "[stage6][terminal]") {
    EngineScene scene;
    scene.run_detached("web", {"sleep", "1000"});
    const std::string id =
        create_exec(scene, "web", {"sh", "-c", "tty; read line; stty size; read line; exit 9"},
                    [](Json& body) { body["Tty"] = true; });
    Talk talk = start_exec(scene, id, true);
    talk.wait_for("/dev/pts/0\r\n");
    CHECK(scene.request("POST", "/exec/" + id + "/resize?h=20&w=50").status == 200);
    talk.send("\r");
    talk.wait_for("20 50\r\n");
    talk.send("\r");
    talk.read_to_end();
    CHECK(exec_code(scene, id) == 9);
}

TEST_CASE("an ordinary user may open the terminal anew", "[stage6][terminal][root]") {
    EngineScene scene;
    scene.create("web", {"sh", "-c", "id -u; echo more > /dev/stdout; echo still > $(tty)"},
                 [](Json& body) {
                     at_terminal(body);
                     body["User"] = "1000";
                 });
    Talk talk = attach(scene);
    scene.start("web");
    CHECK(talk.read_to_end() == "1000\r\nmore\r\nstill\r\n");
}

TEST_CASE("a million bytes come out of a terminal whole", "[stage6][terminal]") {
    EngineScene scene;
    scene.create("web", {"sh", "-c", "stty -opost; seq 150000"}, at_terminal);
    Talk talk = attach(scene);
    scene.start("web");
    CHECK((talk.read_to_end() == numbers(150000)));
}

TEST_CASE("the core alone has no terminals and says so", "[stage6][terminal]") {
    EngineScene scene{"orchestrator"};
    const Answer answer = scene.request("POST", "/containers/create",
                                        R"({"Image":"host","Cmd":["true"],"Tty":true})");
    CHECK(answer.status == 400);
    CHECK(answer.message() == "Tty: not built in");
}
