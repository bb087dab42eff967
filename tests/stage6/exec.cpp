// exec, the article's suite and Docker's: in both kinds of container.
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>

#include "common/file.hpp"
#include "tests/stage6/exec_scene.hpp"

// A container that waits, and its exec's as `sh -c SCRIPT`.
static void run_waiting(const EngineScene& scene, const std::function<void(Json&)>& change = {}) {
    scene.run_detached("web", {"sleep", "1000"}, change);
}

static std::string shell(const EngineScene& scene, const std::string& script,
                         const std::function<void(Json&)>& change = {}) {
    const ExecEnd end = exec_to_end(scene, "web", {"sh", "-c", script}, {}, change);
    INFO(end.streams.err);
    CHECK(end.code == 0);
    return end.streams.out;
}

static std::string megabytes(std::size_t count) {
    std::string bytes(count << 20, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<char>(state >> 24);
    }
    return bytes;
}

TEST_CASE("an exec is in the container's namespaces and control groups", "[stage6][exec]") {
    EngineScene scene;
    run_waiting(scene);
    const std::string script =
        "for kind in pid mnt uts ipc net user cgroup; do"
        " test $(readlink /proc/self/ns/$kind) = $(readlink /proc/1/ns/$kind) || echo $kind; done;"
        "test \"$(cat /proc/self/cgroup)\" = \"$(cat /proc/1/cgroup)\" || echo cgroup; hostname";
    CHECK(shell(scene, script) ==
          scene.inspect("web").find("Id")->as_string().substr(0, 12) + "\n");
}

TEST_CASE("an exec is shut in as the container's first process is", "[stage6][exec]") {
    EngineScene scene;
    run_waiting(scene, [](Json& body) { body["HostConfig"]["CapDrop"] = Json::array({"CHOWN"}); });
    const std::string wanted =
        "grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp|Groups|Uid|Gid):' /proc/";
    CHECK(shell(scene, wanted + "self/status") == shell(scene, wanted + "1/status"));
    CHECK(shell(scene, "cat /proc/self/limits") == shell(scene, "cat /proc/1/limits"));
    CHECK(shell(scene, "cat /proc/self/oom_score_adj") ==
          shell(scene, "cat /proc/1/oom_score_adj"));
    CHECK(shell(scene, "grep -c . /proc/self/status; umask; ls /proc/self/fd | wc -l")
              .find("0022\n4\n") != std::string::npos);  // the last of the four is ls's own
}

TEST_CASE("every exit code of an exec arrives", "[stage6][exec][slow]") {
    EngineScene scene{"orchestrator"};
    run_waiting(scene);
    for (int code = 0; code < 256; ++code) {
        const ExecEnd end = exec_to_end(scene, "web", {"sh", "-c", "exit " + std::to_string(code)});
        REQUIRE(end.code == code);
    }
    CHECK(exec_to_end(scene, "web", {"sh", "-c", "kill -9 $$"}).code == 137);
}

TEST_CASE("an exec that cannot be started says why in its stream", "[stage6][exec]") {
    EngineScene scene;
    run_waiting(scene);
    const ExecEnd missing = exec_to_end(scene, "web", {"no-such-program"});
    CHECK(missing.code == 127);
    CHECK(missing.streams.out ==
          "OCI runtime exec failed: exec failed: unable to start container process: exec: "
          "\"no-such-program\": executable file not found in $PATH: unknown\r\n");
    CHECK(exec_to_end(scene, "web", {"/etc"}).code == 126);
    const std::string id = create_exec(scene, "web", {"no-such-program"});
    const Answer detached = scene.request("POST", "/exec/" + id + "/start", R"({"Detach":true})");
    INFO(detached);
    CHECK(detached.status == 400);
    CHECK(detached.message().find("executable file not found") != std::string::npos);
    CHECK(exec_code(scene, id) == 127);
    CHECK(scene.status("web") == "running");
}

TEST_CASE("an exec's input ends with its client's", "[stage6][exec]") {
    const std::string bytes = megabytes(5);
    for (const char* family : {"orchestrator", "slipway"}) {
        EngineScene scene{family};
        run_waiting(scene);
        const ExecEnd counted = exec_to_end(scene, "web", {"wc", "-c"}, bytes);
        CHECK(counted.streams.out == std::to_string(bytes.size()) + "\n");
        const ExecEnd copied = exec_to_end(scene, "web", {"cat"}, bytes);
        CHECK((copied.streams.out == bytes));
        CHECK(copied.code == 0);
    }
}

TEST_CASE("over a WebSocket a word ends an exec's input", "[stage6][exec]") {
    const std::string bytes = megabytes(5);
    for (const char* family : {"orchestrator", "slipway"}) {
        EngineScene scene{family};
        run_waiting(scene);
        for (const char* program : {"cat", "wc"}) {
            const bool counts = std::string{program} == "wc";
            const std::string id = create_exec(
                scene, "web",
                counts ? std::vector<std::string>{"wc", "-c"} : std::vector<std::string>{"cat"});
            WebSocketTalk talk{scene, "/exec/" + id + "/ws"};
            for (std::size_t at = 0; at < bytes.size(); at += 100'000) {
                talk.send_data(std::string_view{bytes}.substr(at, 100'000));
            }
            talk.send_text(R"({ "stdin_eof" : true })");
            const std::string answer = talk.read_to_end();
            CHECK((answer == (counts ? std::to_string(bytes.size()) + "\n" : bytes)));
            CHECK(exec_code(scene, id) == 0);
        }
    }
}

TEST_CASE("an exec starts in the container's directory, or where it is told", "[stage6][exec]") {
    EngineScene plain{"orchestrator"};
    const std::string place = temporary_directory();
    run_waiting(plain, [&](Json& body) { body["WorkingDir"] = place; });
    CHECK(shell(plain, "pwd") == place + "\n");
    EngineScene scene;
    run_waiting(scene, [](Json& body) { body["WorkingDir"] = "/usr"; });
    CHECK(shell(scene, "pwd") == "/usr\n");
    CHECK(shell(scene, "pwd", [](Json& body) { body["WorkingDir"] = "/etc"; }) == "/etc\n");
}

TEST_CASE("an exec has the container's environment and its own on top", "[stage6][exec]") {
    EngineScene scene;
    run_waiting(scene, [](Json& body) { body["Env"] = Json::array({"A=one", "B=two"}); });
    CHECK(shell(scene, "echo $A $B $C", [](Json& body) {
              body["Env"] = Json::array({"B=mine", "C=three"});
          }) == "one mine three\n");
}

TEST_CASE("an exec may run as another user", "[stage6][exec][root]") {
    EngineScene scene;
    run_waiting(scene, [](Json& body) { body["User"] = "65534"; });
    const auto as = [](const char* user) { return [user](Json& body) { body["User"] = user; }; };
    CHECK(shell(scene, "id -u; id -g") == "65534\n65534\n");
    CHECK(shell(scene, "id -u; id -g", as("0")) == "0\n0\n");
    CHECK(shell(scene, "id -u; id -g", as("1000:1001")) == "1000\n1001\n");
    CHECK(shell(scene, "id -u; grep CapEff /proc/self/status", as("1")) ==
          "1\nCapEff:\t0000000000000000\n");
    CHECK(exec_to_end(scene, "web", {"true"}, {}, as("1a")).code == 126);
}

TEST_CASE("a privileged exec has every capability that we have", "[stage6][exec][root]") {
    EngineScene scene;
    run_waiting(scene);
    const std::string script = "grep CapBnd /proc/self/status";
    const std::string ours = read_file("/proc/self/status");
    const std::string line = ours.substr(ours.find("CapBnd"), sizeof "CapBnd:\t0123456789abcdef");
    CHECK(shell(scene, script) != line);
    CHECK(shell(scene, script, [](Json& body) { body["Privileged"] = true; }) == line);
}

TEST_CASE("a detached exec goes on by itself", "[stage6][exec]") {
    EngineScene scene;
    run_waiting(scene);
    const std::string id =
        create_exec(scene, "web", {"sh", "-c", "until test -e /go; do :; done; exit 7"});
    const Answer started = scene.request("POST", "/exec/" + id + "/start", R"({"Detach":true})");
    CHECK(started.status == 200);
    CHECK(started.body.empty());
    const Json running = scene.request("GET", "/exec/" + id + "/json").json();
    CHECK(running.find("Running")->as_bool());
    CHECK(running.find("ExitCode")->is_null());
    shell(scene, "> /go");
    wait_until(
        [&] {
            return !scene.request("GET", "/exec/" + id + "/json").json().find("Running")->as_bool();
        },
        "the detached exec to end");
    CHECK(exec_code(scene, id) == 7);
}

TEST_CASE("an exec is refused in words", "[stage6][exec]") {
    EngineScene scene{"orchestrator"};
    run_waiting(scene);
    const auto message = [&](const std::string& path, const std::string& body, int status) {
        const Answer answer = scene.request("POST", path, body);
        INFO(answer);
        CHECK(answer.status == status);
        return answer.message();
    };
    CHECK(message("/containers/web/exec", R"({"Cmd":[]})", 400) == "No exec command specified");
    CHECK(message("/containers/nope/exec", R"({"Cmd":["true"]})", 404) ==
          "No such container: nope");
    CHECK(message("/exec/nope/start", "{}", 404) == "No such exec instance: nope");
    CHECK(message("/containers/web/exec", R"({"Cmd":["true"],"Tty":true})", 400) ==
          "exec: a terminal is not built in");
    CHECK(message("/containers/web/exec", R"({"Cmd":["true"],"User":"1"})", 400) ==
          "exec: another user and more privileges are not built in");
    const std::string id = create_exec(scene, "web", {"true"});
    start_exec(scene, id).read_to_end();
    CHECK(message("/exec/" + id + "/start", "{}", 409) ==
          "exec command " + id + " has already run");
}

TEST_CASE("an exec ends with its container, and its client is told", "[stage6][exec]") {
    for (const char* family : {"orchestrator", "slipway"}) {
        EngineScene scene{family};
        run_waiting(scene);
        const std::string id = create_exec(scene, "web", {"sh", "-c", "echo here; sleep 1000"});
        Talk talk = start_exec(scene, id);
        talk.wait_for("here");
        CHECK(scene.request("POST", "/containers/web/kill").status == 204);
        talk.read_to_end();
        CHECK(exec_code(scene, id) == 137);
    }
}

TEST_CASE("execs end with the daemon, and the container does not", "[stage6][exec]") {
    EngineScene scene;
    run_waiting(scene);
    const std::string id = create_exec(scene, "web", {"sh", "-c", "echo here; sleep 1000"});
    Talk talk = start_exec(scene, id);
    talk.wait_for("here");
    const Json running = scene.request("GET", "/exec/" + id + "/json").json();
    const auto pid = static_cast<pid_t>(running.find("Pid")->as_integer());
    CHECK(process_exists(pid));
    scene.restart();
    wait_until([&] { return !process_exists(pid); }, "the exec's process to end");
    CHECK(scene.status("web") == "running");
    CHECK(scene.request("GET", "/exec/" + id + "/json").status == 404);
    CHECK(shell(scene, "echo again") == "again\n");
}

TEST_CASE("a client that goes does not hold its exec up", "[stage6][exec]") {
    EngineScene scene;
    run_waiting(scene);
    const std::string id =
        create_exec(scene, "web", {"sh", "-c", "seq 100000; echo done > /tmp/done; sleep 1000"});
    { Talk talk = start_exec(scene, id); }
    CHECK(shell(scene, "until test -s /tmp/done; do :; done; cat /tmp/done") == "done\n");
}

TEST_CASE("an exec's stream ends soon after it, whoever holds it open", "[stage6][exec]") {
    EngineScene scene;
    run_waiting(scene);
    const ExecEnd end = exec_to_end(scene, "web", {"sh", "-c", "sleep 1000 & echo out"});
    CHECK(end.code == 0);
    CHECK(end.streams.out == "out\n");
}

TEST_CASE("two hundred execs leave nothing behind", "[stage6][exec][slow]") {
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    const auto descriptors_of = [](pid_t pid) {
        const std::string list = run({"ls", "/proc/" + std::to_string(pid) + "/fd"}).out;
        return std::count(list.begin(), list.end(), '\n');
    };
    shell(scene, "true");
    const auto of_shim = descriptors_of(scene.shim_of(id));
    const std::size_t of_daemon = scene.descriptors();
    for (int i = 0; i < 200; ++i) exec_to_end(scene, "web", {"true"});
    wait_until([&] { return descriptors_of(scene.shim_of(id)) <= of_shim; },
               "the shim's descriptors");
    wait_until([&] { return scene.descriptors() <= of_daemon; }, "the daemon's descriptors");
    const std::string processes = shell(scene, "ls -d /proc/[0-9]*");
    CHECK(std::count(processes.begin(), processes.end(), '\n') <= 3);  // 1, sh and ls
}

TEST_CASE("with an init orphans are reaped, and the command is not process 1", "[stage6][exec]") {
    EngineScene scene;
    run_waiting(scene, [](Json& body) { body["HostConfig"]["Init"] = true; });
    shell(scene, "(sleep 0 &)");
    CHECK(shell(scene, "cat /proc/2/comm") == "sleep\n");
    wait_until(
        [&] {
            return shell(scene, "grep -c 'State:.*zombie' /proc/[0-9]*/status || true")
                       .find(":1") == std::string::npos;
        },
        "the orphan to be reaped");
}

TEST_CASE("what answers the last of a client's input still arrives", "[stage6][exec]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", "echo ready; while read line; do echo got $line; done"},
                       [](Json& body) { body["OpenStdin"] = true; });
    scene.wait_for_logged("web", "ready\n");
    // It cannot have answered when the daemon sees the end, which comes with the line.
    const Result result = scene.run_client({"attach", "web"}, {.input = "late\n"});
    INFO(result);
    CHECK(result.out == "got late\n");
    CHECK(scene.status("web") == "running");
}

TEST_CASE("docker exec prints, counts and ends as its command does", "[stage6][exec][docker]") {
    need_docker();
    EngineScene scene;
    run_waiting(scene);
    const Result hello =
        scene.run_docker({"exec", "web", "sh", "-c", "echo out; echo err >&2; exit 3"});
    INFO(hello);
    CHECK(hello.exit_code == 3);
    CHECK(hello.out == "out\n");
    CHECK(hello.err == "err\n");
    RunOptions options;
    options.input = std::string(3 << 20, 'x');
    const Result counted = scene.run_docker({"exec", "-i", "web", "wc", "-c"}, options);
    CHECK(counted.out == std::to_string(3 << 20) + "\n");
    CHECK(scene.run_docker({"exec", "-d", "web", "true"}).exit_code == 0);
    CHECK(scene.run_docker({"exec", "-w", "/usr", "-e", "A=b", "web", "sh", "-c", "pwd; echo $A"})
              .out == "/usr\nb\n");
    CHECK(scene.run_docker({"exec", "web", "no-such-program"}).exit_code == 127);
}

TEST_CASE("no output of an exec comes in one piece with the answer's head", "[stage6][exec]") {
    EngineScene scene;
    scene.run_detached("web", {"sleep", "1000"});
    for (const char* program : {"echo", "nosuch"}) {
        Talk talk{scene.socket()};
        const std::string id = create_exec(scene, "web", {program});
        talk.request("POST", "/exec/" + id + "/start",
                     kUpgradeHeaders + "Content-Type: application/json\r\n", "{}");
        // A client in Python takes its time, and reads at most so much for the head.
        wait_until([&] { return talk.has_input(); }, "the head has come");
        wait_until(
            [&] {
                const Answer answer = scene.request("GET", "/exec/" + id + "/json");
                return answer.json().find("ExitCode")->kind() == Json::Kind::integer;
            },
            "it has ended");
        std::string bytes(8192, '\0');
        const auto count = ::recv(talk.fd(), bytes.data(), bytes.size(), 0);
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        CHECK(bytes.starts_with("HTTP/1.1 101"));
        CHECK(bytes.ends_with("\r\n\r\n"));
        CHECK_FALSE(talk.read_to_end().empty());
    }
}
