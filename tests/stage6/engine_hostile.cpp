// What clients, containers and machines do that nobody expects of them.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/socket.hpp"
#include "tests/stage6/engine_scene.hpp"
#include "tests/support/busy.hpp"

static const std::string kUpgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

TEST_CASE("a verb that has begun runs to its end though its client goes", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web",
                       {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"});
    scene.wait_for_logged("web", "ready");
    {
        Talk talk{scene.socket()};
        talk.request("POST", "/containers/web/stop?t=1");
    }
    wait_until([&] { return scene.status("web") == "exited"; }, "the container was stopped");
    CHECK(scene.exit_code("web") == 137);
}

TEST_CASE("a start whose client goes is a start", "[stage6][engine]") {
    EngineScene scene;
    for (int round = 0; round < 10; ++round) {
        scene.create("web", {"sleep", "1000"});
        {
            Talk talk{scene.socket()};
            talk.request("POST", "/containers/web/start");
        }
        wait_until([&] { return scene.status("web") == "running"; }, "the container runs");
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    }
}

TEST_CASE("an attached client whose input nobody reads still sees the output", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web",
                       {"sh", "-c",
                        "trap 'echo late; exit 0' USR1; exec <&-; echo ready; "
                        "while :; do sleep 0.01; done"},
                       [](Json& body) { body["OpenStdin"] = true; });
    scene.wait_for_logged("web", "ready");
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/attach?logs=1&stream=1&stdin=1&stdout=1", kUpgrade);
    talk.read_head();
    talk.wait_for("ready\n");
    talk.send("nobody reads this\n");
    talk.send("nor this\n");
    scene.request("GET", "/_ping");
    CHECK(scene.request("POST", "/containers/web/kill?signal=USR1").status == 204);
    talk.wait_for("late\n");
    talk.read_to_end();
    CHECK(scene.exit_code("web") == 0);
}

TEST_CASE("a child that keeps the streams open delays no exit", "[stage6][engine]") {
    for (const char* family : {"slipway", "orchestrator"}) {
        INFO(family);
        EngineScene scene{family};
        scene.run_detached("web", {"sh", "-c", "sleep 1000 & echo $!; exit 3"});
        CHECK(scene.wait("web") == 3);
        CHECK_FALSE(scene.logs("web").out.empty());
    }
}

TEST_CASE("a shim whose container has closed its streams does not spin", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string closed = temporary_directory() + "/closed";
    const std::string id = scene.run_detached(
        "web",
        {"sh", "-c",
         "trap 'exit 4' USR1; exec >&- 2>&- <&-; : >" + closed + "; while :; do sleep 0.01; done"});
    wait_until([&] { return file_exists(closed); }, "the container has closed its streams");
    CHECK(is_idle(scene.shim_of(id)));
    CHECK(scene.request("POST", "/containers/web/kill?signal=USR1").status == 204);
    CHECK(scene.wait("web") == 4);
}

// Kilobytes, as /proc/PID/status says: the most that it ever had in memory.
static long peak_memory(pid_t pid) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
    return std::stol(status.substr(status.find("VmHWM:") + 6));
}

// [lean]: it measures memory, which a sanitizer spends by the megabyte.
TEST_CASE("output without a newline is kept in pieces and costs the shim no memory",
          "[stage6][engine][lean]") {
    EngineScene scene{"orchestrator"};
    const std::string printed = temporary_directory() + "/printed";
    const std::string id = scene.run_detached(
        "web", {"sh", "-c",
                "head -c 32M /dev/zero; printf '\\nready\\n'; : >" + printed + "; sleep 1000"});
    // The log's last line is asked for then: before, that would be all of the log, again and again.
    wait_until([&] { return file_exists(printed); }, "all was printed");
    const auto is_ready = [&] { return scene.logs("web", "&tail=1").out == "ready\n"; };
    wait_until(is_ready, "all was written down");
    CHECK(peak_memory(scene.shim_of(id)) < 8 * 1024);
    const std::string out = scene.logs("web").out;
    CHECK(out.size() == (32u << 20) + 7);
    CHECK(out.find_first_not_of('\0') == 32u << 20);
}

TEST_CASE("a log that is gone, or no file any more, is told and harms nobody", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"sh", "-c", "echo hello"});
    scene.wait("web");
    const std::string log = scene.directory(id) + "/log";
    check(::unlink(log.c_str()), "unlink", log);
    CHECK(scene.logs("web").out.empty());
    check(::mkfifo(log.c_str(), 0600), "mkfifo", log);
    const Answer fifo = scene.request("GET", "/containers/web/logs?stdout=1");
    INFO(fifo);
    CHECK(fifo.body.find("hello") == std::string::npos);
    check(::unlink(log.c_str()), "unlink", log);
    check(::symlink("/etc/passwd", log.c_str()), "symlink", log);
    const Answer link = scene.request("GET", "/containers/web/logs?stdout=1&follow=1");
    INFO(link);
    CHECK(link.body.find("root") == std::string::npos);
    CHECK(scene.request("GET", "/_ping").body == "OK");
}

TEST_CASE("rubbish in a log is passed over", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"sh", "-c", "echo one; echo two"});
    scene.wait("web");
    const std::string log = scene.directory(id) + "/log";
    const std::string text = read_file(log);
    write_file(log, std::string(200, '\0') + "\nrubbish\n" + text + std::string(5000, '\0'));
    CHECK(scene.logs("web").out == "one\ntwo\n");
    CHECK(scene.logs("web", "&follow=1").out == "one\ntwo\n");
    // The next run cuts off the end that is no entry, and goes on behind it.
    scene.start("web");
    CHECK(scene.wait("web") == 0);
    CHECK(scene.logs("web").out == "one\ntwo\none\ntwo\n");
}

TEST_CASE("a path longer than a socket's address may be serves as root", "[stage6][engine]") {
    const std::string place = temporary_directory() + "/" + std::string(150, 'd');
    make_directories(place);
    const std::string socket = place + "/socket";
    Process daemon{{built("orchestratord"), "--socket", socket, "--root", place + "/root"}};
    daemon.wait_for_output("listening on");
    const Result made = run({built("orchestrate"), "--socket", socket, "run", "--rm", "--name",
                             "web", "--", "sleep", "1000"});
    INFO(made);
    CHECK(made.exit_code == 0);
    const Result stopped = run({built("orchestrate"), "--socket", socket, "stop", "web"});
    INFO(stopped);
    CHECK(stopped.exit_code == 0);
    daemon.signal(SIGTERM);
    CHECK(daemon.wait() == 0);
}

// The file is there a moment before anybody listens.
static bool is_listened_on(const std::string& socket) {
    try {
        return file_exists(socket) && connect_unix(socket);
    } catch (const SystemError& error) {
        if (error.error() != ECONNREFUSED) throw;
        return false;
    }
}

TEST_CASE("a daemon works that was started with nothing", "[stage6][engine]") {
    const std::string place = temporary_directory();
    const std::string text =
        "umask 0; ulimit -n 128; mkdir gone; cd gone; rmdir ../gone; unset HOME;"
        "exec \"$0\" --socket \"$1\"/socket --root \"$1\"/root <&- >&- 2>&-";
    Process daemon{{"sh", "-c", text, built("orchestratord"), place}, {.directory = place}};
    const std::string socket = place + "/socket";
    wait_until([&] { return is_listened_on(socket); }, "the daemon listens");
    struct stat status {};
    check(::stat(socket.c_str(), &status), "stat", socket);
    CHECK((status.st_mode & 0777) == 0600);
    const Result made = run({built("orchestrate"), "--socket", socket, "run", "--rm", "--name",
                             "web", "--", "sleep", "1000"});
    INFO(made);
    CHECK(made.exit_code == 0);
    CHECK(run({built("orchestrate"), "--socket", socket, "rm", "-f", "web"}).exit_code == 0);
    daemon.signal(SIGTERM);
    CHECK(daemon.wait() == 0);
}

TEST_CASE("twenty runs at once have their own codes and streams", "[stage6][engine]") {
    EngineScene scene;
    std::deque<Process> all;
    for (int i = 0; i < 20; ++i) {
        const std::string text = std::to_string(i);
        all.emplace_back(scene.client({"run", "--rm", "--", "sh", "-c",
                                       "echo " + text + "; echo e" + text + " >&2; exit " + text}),
                         RunOptions{.deadline = std::chrono::seconds{60}});
    }
    for (int i = 0; i < 20; ++i) {
        Process& one = all[static_cast<std::size_t>(i)];
        INFO(one);
        CHECK(one.wait() == i);
        CHECK(one.out() == std::to_string(i) + "\n");
        CHECK(one.err() == "e" + std::to_string(i) + "\n");
    }
    CHECK(scene.request("GET", "/containers/json?all=1").json().as_array().empty());
}

TEST_CASE("numbers of stop and list that are none are refused", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sleep", "1000"});
    CHECK(scene.request("POST", "/containers/web/stop?t=soon").status == 400);
    CHECK(scene.request("GET", "/containers/json?limit=x").status == 400);
    CHECK(scene.request("GET", "/containers/json?filters=%7B").status == 400);
    CHECK(scene.request("GET", "/containers/json?filters=%7B%22foo%22:[%22a%22]%7D").status == 400);
    CHECK(scene.status("web") == "running");
    CHECK(scene.request("POST", "/containers/web/stop?t=-1").status == 204);
}

TEST_CASE("a create request that is odd is refused, and says where", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const auto refuse = [&](const std::string& body, const std::string& text) {
        const Answer answer = scene.request("POST", "/containers/create", body);
        INFO(body << "\n" << answer);
        CHECK(answer.status == 400);
        CHECK(answer.message().find(text) != std::string::npos);
    };
    refuse("{", "JSON");
    refuse("[]", "");
    refuse("null", "");
    refuse(R"({"Cmd":5})", "Cmd");
    refuse(R"({"Cmd":["a\u0000b"]})", "NUL byte in Cmd[0]");
    refuse(R"({"Cmd":["true"],"Env":"A=1"})", "Env");
    refuse(R"({"Cmd":["true"],"HostConfig":[]})", "HostConfig");
    refuse(R"({"Cmd":["true"],"HostConfig":{"Memory":"64m"}})", "HostConfig.Memory");
    refuse(R"({"Cmd":["true"],"WorkingDir":"relative"})", "absolute");
    refuse(R"({"Cmd":["true"],"Hostname":")" + std::string(300, 'h') + R"("})", "hostname");
    CHECK(scene.request("GET", "/containers/json?all=1").json().as_array().empty());
}

TEST_CASE("ten thousand old containers are listed, and a new one runs beside them",
          "[stage6][engine][slow]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.create("web", {"true"});
    scene.kill_daemon();
    const std::string config = read_file(scene.directory(id) + "/config.json");
    for (int number = 0; number < 10000; ++number) {
        std::string other = std::to_string(number);
        other.insert(0, 64 - other.size(), 'c');
        std::string copy = config;
        copy.replace(copy.find(id), 64, other);
        check(::mkdir(scene.directory(other).c_str(), 0711), "mkdir", other);
        write_file(scene.directory(other) + "/config.json", copy);
        write_file(scene.directory(other) + "/state.json",
                   R"({"Name":"old)" + std::to_string(number) + R"("})");
    }
    scene.start_daemon();
    CHECK(scene.run_client({"ps", "-aq"}).out.size() == 10001 * 13);
    scene.run_detached("new", {"sh", "-c", "exit 3"});
    CHECK(scene.wait("new") == 3);
    // Not one by one through the API: they never ran.
    scene.kill_daemon();
    for (int number = 0; number < 10000; ++number) {
        std::string other = std::to_string(number);
        other.insert(0, 64 - other.size(), 'c');
        for (const char* file : {"/config.json", "/state.json", ""}) {
            ::remove((scene.directory(other) + file).c_str());
        }
    }
}

TEST_CASE("nothing of a plain process is left when its shim is killed and no daemon is there",
          "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"sh", "-c", "sleep 1000 & echo $!; wait"});
    scene.wait_for_logged("web", "\n");
    const pid_t child = static_cast<pid_t>(std::stol(scene.logs("web").out));
    scene.kill_daemon();
    ::kill(scene.shim_of(id), SIGKILL);
    scene.start_daemon();
    wait_until([&] { return scene.status("web") == "exited"; }, "the container counts as ended");
    wait_until([&] { return !process_exists(child); }, "the child has gone");
}

TEST_CASE("a container that writes for ever is stopped all the same", "[stage6][engine]") {
    EngineScene scene;
    scene.run_detached("web", {"yes"});
    Process follower{scene.client({"logs", "-f", "web"})};
    follower.wait_for_output("y\ny\n");
    CHECK(scene.request("POST", "/containers/web/stop?t=0").status == 204);
    CHECK(scene.request("DELETE", "/containers/web").status == 204);
}

TEST_CASE("what is listed while others come and go is always whole", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    std::deque<Process> all;
    for (int i = 0; i < 10; ++i) {
        all.emplace_back(scene.client({"run", "--rm", "--", "sh", "-c", "echo hello"}));
    }
    for (int i = 0; i < 50; ++i)
        CHECK(scene.request("GET", "/containers/json?all=1").status == 200);
    for (Process& one : all) CHECK(one.wait() == 0);
    const auto none_left = [&] {
        return scene.request("GET", "/containers/json?all=1").json().as_array().empty();
    };
    wait_until(none_left, "all have gone");
}
