// A container's terminal is the person's: keys, sizes, detaching, and what is put right at the end.
#include <signal.h>

#include "tests/stage3/pseudo_terminal.hpp"
#include "tests/stage6/client_scene.hpp"
#include "tests/stage6/engine_scene.hpp"

static const std::string kId(64, 'a');
static const std::string kContainer = "/containers/" + kId;
static const std::string kRunning = R"({"Id":")" + kId +
                                    R"(","State":{"Running":true},"HostConfig":{},)" +
                                    R"("Config":{"Tty":true,"OpenStdin":true,"StdinOnce":true}})";

// A foreground run with a terminal, up to the moment when it streams.
struct ActedTerminalRun {
    explicit ActedTerminalRun(ActedDaemon& daemon)
        : plain{daemon.expect("POST /containers/create")} {
        body = plain.json();
        plain.answer(201, "{\"Id\":\"" + kId + "\"}");
        stream = std::make_unique<ActedConnection>(daemon.expect(
            "POST " + kContainer + "/attach?stream=1&stdout=1&stderr=1&stdin=1&offsets=1"));
        stream->begin_upgraded();
        result = std::make_unique<ActedConnection>(
            daemon.expect("POST " + kContainer + "/wait?condition=next-exit"));
        result->begin_chunked();
        CHECK(plain.request() == "POST " + kContainer + "/start");
        plain.answer(204);
    }

    void end(int code) {
        stream.reset();
        result->send_chunk("{\"StatusCode\":" + std::to_string(code) + "}");
        result->end_chunks();
    }

    ActedConnection plain;
    Json body;
    std::unique_ptr<ActedConnection> stream, result;
};

TEST_CASE("run -it hands each key over as it is typed, and puts the terminal right at the end",
          "[stage6][client]") {
    ActedDaemon daemon;
    AtTerminal person{daemon.slipway({"run", "-it", "host", "sh"})};
    ActedTerminalRun scene{daemon};
    CHECK(scene.body.find("Tty")->as_bool());
    scene.stream->send("$ \r\n");
    person.wait_for("$ ");
    wait_until([&] { return !person.modes_are_as_before(); }, "the terminal is raw");
    person.type("l");
    CHECK(scene.stream->read_bytes(1) == "l");
    person.type("\x03\x04\x1a\x10z\r");
    CHECK(scene.stream->read_bytes(6) == "\x03\x04\x1a\x10z\r");
    scene.stream->send("bytes \x01\x02 as they are\r\n");
    person.wait_for("bytes \x01\x02 as they are");
    scene.end(7);
    CHECK(person.wait() == 7);
    CHECK(person.modes_are_as_before());
}

TEST_CASE("a new size of the window is the container's", "[stage6][client]") {
    ActedDaemon daemon;
    AtTerminal person{daemon.slipway({"run", "-it", "host", "sh"})};
    ActedTerminalRun scene{daemon};
    wait_until([&] { return !person.modes_are_as_before(); }, "the terminal is raw");
    person.resize(33, 101);
    CHECK(scene.plain.request() == "POST " + kContainer + "/resize?h=33&w=101");
    scene.plain.answer(200);
    scene.end(0);
    CHECK(person.wait() == 0);
}

TEST_CASE("the detach keys leave the container running", "[stage6][client]") {
    for (const bool own_keys : {false, true}) {
        ActedDaemon daemon;
        std::vector<std::string> words = {"run", "-it", "host", "sh"};
        if (own_keys) words.insert(words.begin() + 1, {"--detach-keys", "ctrl-a,d"});
        AtTerminal person{daemon.slipway(words)};
        ActedTerminalRun scene{daemon};
        wait_until([&] { return !person.modes_are_as_before(); }, "the terminal is raw");
        person.type(own_keys ? "ls\x01" : "ls\x10");
        CHECK(scene.stream->read_bytes(2) == "ls");
        person.type(own_keys ? "d" : "\x11");
        person.wait_for("read escape sequence");
        CHECK(person.wait() == 0);
        CHECK(person.modes_are_as_before());
        CHECK(scene.stream->read_to_end().empty());
    }
}

TEST_CASE("whatever signal ends an attachment, the terminal is as before", "[stage6][client]") {
    for (const int signal : {SIGTERM, SIGHUP, SIGQUIT, SIGINT}) {
        ActedDaemon daemon;
        AtTerminal person{daemon.slipway({"attach", "web"})};
        ActedConnection plain = daemon.expect("GET /containers/web/json");
        plain.answer(200, kRunning);
        ActedConnection stream = daemon.expect(
            "POST " + kContainer + "/attach?stream=1&stdout=1&stderr=1&stdin=1&offsets=1");
        stream.begin_upgraded();
        ActedConnection result =
            daemon.expect("POST " + kContainer + "/wait?condition=not-running");
        result.begin_chunked();
        wait_until([&] { return !person.modes_are_as_before(); }, "the terminal is raw");
        ::kill(person.pid(), signal);
        CHECK(person.wait() == 128 + signal);
        CHECK(person.modes_are_as_before());
    }
}

TEST_CASE("a daemon that goes away leaves the terminal as before", "[stage6][client]") {
    ActedDaemon daemon;
    AtTerminal person{daemon.slipway({"run", "-it", "host", "sh"})};
    {
        ActedTerminalRun scene{daemon};
        wait_until([&] { return !person.modes_are_as_before(); }, "the terminal is raw");
    }
    person.wait_for("slipway: run: ");
    CHECK(person.wait() == 125);
    CHECK(person.modes_are_as_before());
}

TEST_CASE("attach has a terminal drawn once more", "[stage6][client]") {
    ActedDaemon daemon;
    AtTerminal person{daemon.slipway({"attach", "web"})};
    person.resize(20, 70);
    ActedConnection plain = daemon.expect("GET /containers/web/json");
    plain.answer(200, kRunning);
    ActedConnection stream = daemon.expect("POST " + kContainer +
                                           "/attach?stream=1&stdout=1&stderr=1&stdin=1&offsets=1");
    stream.begin_upgraded();
    ActedConnection result = daemon.expect("POST " + kContainer + "/wait?condition=not-running");
    result.begin_chunked();
    CHECK(plain.request() == "POST " + kContainer + "/resize?h=21&w=71");
    plain.answer(200);
    CHECK(plain.request() == "POST " + kContainer + "/resize?h=20&w=70");
    plain.answer(200);
    stream = ActedConnection{Fd{}};
    result.send_chunk("{\"StatusCode\":0}");
    result.end_chunks();
    CHECK(person.wait() == 0);
}

TEST_CASE("exec -it has a terminal with the size of ours", "[stage6][client]") {
    ActedDaemon daemon;
    AtTerminal person{daemon.slipway({"exec", "-it", "web", "sh"})};
    person.resize(25, 80);
    ActedConnection plain = daemon.expect("POST /containers/web/exec");
    CHECK(plain.json().find("Tty")->as_bool());
    plain.answer(201, R"({"Id":"e1"})");
    ActedConnection stream = daemon.expect("POST /exec/e1/start");
    CHECK(stream.json().find("Tty")->as_bool());
    CHECK(stream.json().find("ConsoleSize")->text() == "[25,80]");
    stream.begin_upgraded();
    wait_until([&] { return !person.modes_are_as_before(); }, "the terminal is raw");
    person.resize(30, 90);
    CHECK(plain.request() == "POST /exec/e1/resize?h=30&w=90");
    plain.answer(200);
    person.type("q");
    CHECK(stream.read_bytes(1) == "q");
    stream = ActedConnection{Fd{}};
    CHECK(plain.request() == "GET /exec/e1/json");
    plain.answer(200, R"({"ExitCode":5})");
    CHECK(person.wait() == 5);
    CHECK(person.modes_are_as_before());
}

TEST_CASE("a client in a shell is stopped and goes on as any other program", "[stage6][client]") {
    ActedDaemon daemon;
    std::string line;
    for (const auto& word : daemon.slipway({"run", "-it", "host", "sh"})) line += word + " ";
    AtTerminal person{{"sh", "-i"}};
    person.wait_for("> ");
    person.type(line + "\n");
    ActedTerminalRun scene{daemon};
    wait_until([&] { return !person.modes_are_as_before(); }, "the terminal is raw");
    person.type("x");
    CHECK(scene.stream->read_bytes(1) == "x");
    run({"pkill", "-TSTP", "-P", std::to_string(person.pid()), "-x", "slipway"});
    person.wait_for("> ");
    person.type("fg\n");
    wait_until([&] { return !person.modes_are_as_before(); }, "the terminal is raw again");
    person.type("y");
    CHECK(scene.stream->read_bytes(1) == "y");
    scene.end(3);
    person.wait_for("> ");
    person.type("echo co''de $?\n");
    CHECK(person.wait_for("code ") == "3");
    person.type("exit\n");
    CHECK(person.wait() == 0);
}

TEST_CASE("colours and cuts are for terminals alone, and NO_COLOR is heeded", "[stage6][client]") {
    const std::string list =
        "[{\"Id\":\"" + kId +
        R"(","Names":["/web"],"Image":"host","Command":"sh","Created":1,"State":"running",)"
        R"("Status":"Up 1 second","Ports":[]}])";
    const auto shown = [&](const std::vector<std::string>& before, unsigned short columns) {
        ActedDaemon daemon;
        std::vector<std::string> words = before;
        for (const auto& word : daemon.slipway({"ps"})) words.push_back(word);
        AtTerminal person{words};
        person.resize(25, columns);
        daemon.expect("GET /containers/json").answer(200, list);
        person.wait_for("web");
        CHECK(person.wait() == 0);
        return person.output();
    };
    const std::string coloured = shown({"env", "-u", "NO_COLOR"}, 200);
    CHECK(coloured.find("\x1b[1mCONTAINER ID") != std::string::npos);
    CHECK(coloured.find("\x1b[32mUp 1 second\x1b[0m") != std::string::npos);
    CHECK(shown({"env", "NO_COLOR=1"}, 200).find('\x1b') == std::string::npos);
    CHECK(shown({"env", "NO_COLOR=1"}, 70).find("…") != std::string::npos);
}

TEST_CASE("a terminal goes on across a restart of the daemon: nothing lost, nothing twice",
          "[stage6][client][engine]") {
    EngineScene scene;
    AtTerminal person{
        scene.client({"run", "-it", "--name", "web", "-e", "PS1=> ", "--", "sh", "-i"})};
    person.wait_for("> ");
    person.type("echo fi''rst\r");
    person.wait_for("first\r\n");
    person.wait_for("> ");
    scene.restart();
    wait_until([&] { return scene.status("web") == "running"; }, "it is found again");
    person.type("echo se''cond; stty size\r");
    person.wait_for("second\r\n");
    person.resize(31, 91);
    wait_until(
        [&] {
            person.type("stty si''ze\r");
            person.wait_for("\n");
            return person.output().find("31 91") != std::string::npos;
        },
        "it has the new size");
    person.type("exit 6\r");
    CHECK(person.wait() == 6);
    CHECK(person.modes_are_as_before());
    const std::string shown = person.output();
    CHECK(shown.find("first\r\n") == shown.rfind("first\r\n"));
}

TEST_CASE("logs -f of a terminal goes on across a restart of the daemon",
          "[stage6][client][engine]") {
    EngineScene scene;
    const auto with_terminal = [](Json& body) { body["Tty"] = true; };
    scene.run_detached(
        "web", {"sh", "-c", "trap 'echo two; exit' USR1; echo one; while :; do sleep 0.01; done"},
        with_terminal);
    Process follower{scene.client({"logs", "-f", "web"})};
    CHECK(follower.read_line() == "one\r");
    scene.restart();
    scene.request("POST", "/containers/web/kill?signal=USR1");
    CHECK(follower.wait() == 0);
    CHECK(follower.out() == "one\r\ntwo\r\n");
}
