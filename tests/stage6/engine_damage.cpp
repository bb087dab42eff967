// Damaged records, killed and stopped shims, a second daemon: each costs no more than it must.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/socket.hpp"
#include "tests/stage6/kept_processes.hpp"

// What a crash, a full disk or a curious user makes of a record.
static void damage(const std::string& path, int kind) {
    ::unlink(path.c_str());
    switch (kind) {
        case 0: write_file(path, ""); break;
        case 1: write_file(path, "{\"Name\":"); break;
        case 2: write_file(path, std::string(4096, '\0')); break;
        case 3: write_file(path, std::string(100000, '[')); break;
        case 4: write_file(path, "[]"); break;
        case 5: check(::mkdir(path.c_str(), 0700), "mkdir", path); break;
        case 6: check(::symlink("/etc/passwd", path.c_str()), "symlink", path); break;
        case 7: check(::mkfifo(path.c_str(), 0600), "mkfifo", path); break;
        case 8: write_file(path, std::string(8u << 20, ' ')); break;
        case 9: break;  // missing
    }
}

static void check_damage(const std::string& record, const std::vector<int>& kinds) {
    EngineScene scene{"orchestrator"};
    scene.run_detached("bystander", {"sleep", "1000"});
    for (const int kind : kinds) {
        INFO(record << " damaged in way " << kind);
        const std::string id = scene.run_detached("web", {"true"});
        scene.wait("web");
        scene.kill_daemon();
        damage(scene.directory(id) + "/" + record, kind);
        scene.start_daemon();
        CHECK(scene.status("bystander") == "running");
        CHECK(scene.status(id) == "dead");
        const std::string error = scene.error(id);
        INFO(error);
        CHECK(error.find(record) != std::string::npos);
        CHECK(scene.request("POST", "/containers/" + id + "/start").status >= 400);
        CHECK(scene.request("GET", "/containers/json?all=1").status == 200);
        CHECK(scene.request("DELETE", "/containers/" + id + "?force=1").status == 204);
        CHECK_FALSE(file_exists(scene.directory(id)));
    }
}

TEST_CASE("a container whose config.json is damaged is dead, and can be removed",
          "[stage6][engine]") {
    check_damage("config.json", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("a container whose state.json is damaged is dead, and can be removed",
          "[stage6][engine]") {
    check_damage("state.json", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("a container whose exit record is damaged is dead, and can be removed",
          "[stage6][engine]") {
    check_damage("exit.1.json", {0, 1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("a container whose start record is damaged is dead, and can be removed",
          "[stage6][engine]") {
    check_damage("started.1.json", {0, 1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("a damaged container that still runs ends when it is removed", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    const pid_t shim = scene.shim_of(id);
    scene.kill_daemon();
    write_file(scene.directory(id) + "/config.json", "{");
    scene.start_daemon();
    CHECK(scene.status(id) == "dead");
    CHECK(process_exists(shim));
    CHECK(scene.request("DELETE", "/containers/" + id + "?force=1").status == 204);
    wait_until([&] { return !process_exists(shim); }, "its shim has ended");
    CHECK_FALSE(file_exists(scene.directory(id)));
}

TEST_CASE("a member of another type makes that container dead and harms no list",
          "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.create("bystander", {"true"});
    for (const std::string member : {"Path", "Args", "Created", "HostConfig", "Config", "spec"}) {
        INFO(member);
        const std::string id = scene.create("web", {"true"});
        scene.kill_daemon();
        const std::string path = scene.directory(id) + "/config.json";
        Json config = parse_json(read_file(path));
        config[member] = 5;
        write_file(path, config.text());
        scene.start_daemon();
        const Answer all = scene.request("GET", "/containers/json?all=1");
        INFO(all);
        CHECK(all.status == 200);
        CHECK(scene.request("GET", "/containers/" + id + "/json").status == 200);
        CHECK(scene.request("POST", "/containers/" + id + "/start").status >= 400);
        const int logs = scene.status(id) == "dead" ? 409 : 200;
        CHECK(scene.request("GET", "/containers/" + id + "/logs?stdout=1").status == logs);
        CHECK(scene.request("DELETE", "/containers/" + id + "?force=1").status == 204);
    }
    CHECK(scene.status("bystander") == "created");
}

TEST_CASE("an exit record with a code that cannot be is damaged", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"true"});
    scene.wait("web");
    scene.kill_daemon();
    write_file(scene.directory(id) + "/exit.1.json",
               R"({"code":256,"signal":0,"oom":false,"time":"2026-01-02T15:04:05.000000000Z"})");
    scene.start_daemon();
    CHECK(scene.status("web") == "dead");
    CHECK(scene.error("web").find("exit.1.json") != std::string::npos);
}

TEST_CASE("two containers that claim one name can both be removed", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string one = scene.create("one", {"true"});
    const std::string other = scene.create("other", {"true"});
    scene.kill_daemon();
    write_file(scene.directory(other) + "/state.json",
               read_file(scene.directory(one) + "/state.json"));
    scene.start_daemon();
    CHECK(scene.request("DELETE", "/containers/" + one).status == 204);
    CHECK(scene.request("DELETE", "/containers/" + other).status == 204);
}

// Also while nobody has reaped it, when there is still a process of that number.
static bool has_ended(pid_t pid) {
    const std::string state = state_of_process(pid);
    return state.empty() || state == "Z";
}

// Puts another member into a start record.
static void rewrite_started(const EngineScene& scene, const std::string& id,
                            const std::function<void(Json&)>& change) {
    const std::string path = scene.directory(id) + "/started.1.json";
    Json record = parse_json(read_file(path));
    change(record);
    write_file(path, record.text());
}

static Json identity_as_of_now(pid_t pid, std::int64_t later) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/stat");
    std::string rest = status.substr(status.rfind(')') + 2);
    for (int field = 3; field < 22; ++field) rest.erase(0, rest.find(' ') + 1);
    return Json::object({{"pid", pid}, {"startTime", std::stoll(rest) + later}});
}

TEST_CASE("a process that has the number of a container's by now is not harmed",
          "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const Process innocent{{"sleep", "1000"}};
    for (const bool other_boot : {true, false}) {
        INFO((other_boot ? "from another boot" : "with another start time"));
        const std::string id = scene.run_detached("web", {"sleep", "1000"});
        scene.kill_daemon();
        const pid_t shim = scene.shim_of(id);
        const pid_t process = scene.process_of(id);
        ::kill(shim, SIGKILL);
        wait_until([&] { return !process_exists(process) && !process_exists(shim); },
                   "shim and container have gone");
        rewrite_started(scene, id, [&](Json& record) {
            record["container"] = identity_as_of_now(innocent.pid(), other_boot ? 0 : 1);
            record["shim"] = record["container"];
            if (other_boot) record["bootId"] = "00000000-0000-4000-8000-000000000000";
        });
        scene.start_daemon();
        CHECK(scene.status("web") == "exited");
        CHECK(scene.exit_code("web") == 255);
        CHECK_FALSE(has_ended(innocent.pid()));
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    }
    CHECK_FALSE(has_ended(innocent.pid()));
}

TEST_CASE("a container whose shim is killed ends with 255, and nothing of it is left",
          "[stage6][engine]") {
    for (const char* family : {"slipway", "orchestrator"}) {
        INFO(family);
        EngineScene scene{family};
        const std::string id = scene.run_detached("web", {"sh", "-c", "echo ready; sleep 1000"});
        scene.wait_for_logged("web", "ready");
        const pid_t process = scene.process_of(id);
        Process waiting{scene.client({"wait", "web"})};
        Process follower{scene.client({"logs", "-f", "web"})};
        CHECK(follower.read_line() == "ready");
        ::kill(scene.shim_of(id), SIGKILL);
        CHECK(waiting.read_line() == "255");
        CHECK(follower.wait() == 0);
        CHECK(scene.status("web") == "exited");
        CHECK(scene.error("web") == "shim died");
        wait_until([&] { return !process_exists(process); }, "the container has gone");
        scene.start("web");
        CHECK(scene.status("web") == "running");
        CHECK(scene.error("web").empty());
    }
}

TEST_CASE("a shim killed while no daemon is there is found dead at the next start",
          "[stage6][engine]") {
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    const std::string other = scene.run_detached("other", {"sleep", "1000"});
    const pid_t process = scene.process_of(id);
    scene.kill_daemon();
    ::kill(scene.shim_of(id), SIGKILL);
    scene.start_daemon();
    wait_until([&] { return scene.status("web") == "exited"; }, "the container counts as ended");
    CHECK(scene.exit_code("web") == 255);
    CHECK(scene.error("web") == "shim died");
    CHECK(scene.status("other") == "running");
    wait_until([&] { return !process_exists(process); }, "the container has gone");
}

TEST_CASE("daemon and shims killed together leave no container that runs unseen",
          "[stage6][engine]") {
    EngineScene scene;
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(scene.run_detached(random_name(), {"sleep", "1000"}));
    std::vector<pid_t> processes;
    for (const auto& id : ids) processes.push_back(scene.process_of(id));
    for (const auto& id : ids) ::kill(scene.shim_of(id), SIGKILL);
    scene.restart();
    for (const auto& id : ids) {
        wait_until([&] { return scene.status(id) == "exited"; }, "the container counts as ended");
        CHECK(scene.exit_code(id) == 255);
    }
    for (const pid_t process : processes) {
        wait_until([&] { return !process_exists(process); }, "the container has gone");
    }
}

TEST_CASE("a stopped shim delays nobody else, and its container can be killed",
          "[stage6][engine]") {
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    const pid_t shim = scene.shim_of(id);
    const pid_t process = scene.process_of(id);
    ::kill(shim, SIGSTOP);
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/kill");
    CHECK(scene.status("web") == "running");
    CHECK_FALSE(talk.has_input());  // that request still waits for the shim
    scene.run_detached("other", {"sh", "-c", "exit 3"});
    CHECK(scene.wait("other") == 3);
    wait_until([&] { return has_ended(process); }, "the container was killed");
    ::kill(shim, SIGCONT);
    CHECK(talk.read_head().starts_with("HTTP/1.1 204 "));
    CHECK(scene.exit_code("web") == 137);
}

static Result run_second(const std::string& socket, const std::string& root) {
    return run({built("slipwayd"), "--socket", socket, "--root", root},
               {.deadline = std::chrono::seconds{30}});
}

TEST_CASE("a second daemon on the same directory or socket refuses in one line",
          "[stage6][engine]") {
    EngineScene scene;
    const std::string elsewhere = temporary_directory();
    for (const auto& [socket, root] : {std::pair{elsewhere + "/socket", scene.root()},
                                       std::pair{scene.socket(), elsewhere + "/root"}}) {
        const Result second = run_second(socket, root);
        INFO(second);
        CHECK(second.exit_code == 1);
        CHECK(second.out.empty());
        CHECK(second.err.starts_with("slipwayd: "));
        CHECK(second.err.find("another daemon") != std::string::npos);
        CHECK(second.err.find('\n') == second.err.size() - 1);
    }
    CHECK(scene.request("GET", "/_ping").body == "OK");
}

TEST_CASE("a socket file that nobody listens on is replaced, another file is not",
          "[stage6][engine]") {
    EngineScene scene;
    scene.kill_daemon();
    CHECK(file_exists(scene.socket()));
    scene.start_daemon();
    CHECK(scene.request("GET", "/_ping").body == "OK");
    const std::string place = temporary_directory();
    write_file(place + "/file", "precious");
    const Result refused = run_second(place + "/file", place + "/root");
    INFO(refused);
    CHECK(refused.exit_code == 1);
    CHECK(read_file(place + "/file") == "precious");
}

TEST_CASE("a daemon's socket is for its owner alone and goes with it", "[stage6][engine]") {
    const std::string place = temporary_directory();
    Process daemon{{built("slipwayd"), "--socket", place + "/socket", "--root", place + "/root"}};
    daemon.wait_for_output("listening on");
    struct stat status {};
    check(::stat((place + "/socket").c_str(), &status), "stat", place);
    CHECK((status.st_mode & 0777) == 0600);
    daemon.signal(SIGTERM);
    CHECK(daemon.wait() == 0);
    CHECK_FALSE(file_exists(place + "/socket"));
}

TEST_CASE("a state directory that others may write to is refused", "[stage6][engine]") {
    const std::string place = temporary_directory();
    check(::mkdir((place + "/root").c_str(), 0700), "mkdir", place);
    check(::chmod((place + "/root").c_str(), 0777), "chmod", place);
    const Result refused = run_second(place + "/socket", place + "/root");
    INFO(refused);
    CHECK(refused.exit_code == 1);
    CHECK(refused.err.find("others may write to it") != std::string::npos);
    CHECK_FALSE(file_exists(place + "/socket"));
}
