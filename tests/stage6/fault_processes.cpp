// Processes that cannot be started, stopped or killed, and records that contradict them.
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

// The directory of a process's own group in the hierarchy of a version 1 controller; of version 2
// when that has no name. Empty where there is none.
static std::string group_of(pid_t pid, const std::string& controller) {
    const std::string groups = read_file("/proc/" + std::to_string(pid) + "/cgroup");
    const std::string key = controller.empty() ? "0::" : ":" + controller + ":";
    const auto at = groups.find(key);
    if (at == std::string::npos) return {};
    const std::string path =
        groups.substr(at + key.size(), groups.find('\n', at) - at - key.size());
    const std::string directory =
        (controller.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller) + path;
    return file_exists(directory) ? directory : "";
}

// While it lives the process can make no other: root through its control group, an ordinary user
// through the number of the user's processes.
class ForkBan {
public:
    explicit ForkBan(pid_t pid) : pid_{pid} {
        if (!is_root()) {
            limit_user(0);
            return;
        }
        file_ = group_of(pid, "pids");
        if (file_.empty()) file_ = group_of(pid, "");
        while (!file_.empty() && !file_exists(file_ + "/pids.max")) {
            file_.erase(file_.rfind('/'));
        }
        if (file_.empty()) skip("no group in which the number of processes can be limited");
        file_ += "/pids.max";
        write_control_file(file_, "1");
    }
    ForkBan(const ForkBan&) = delete;
    ForkBan& operator=(const ForkBan&) = delete;
    ~ForkBan() {
        try {
            file_.empty() ? limit_user(before_.rlim_cur) : write_control_file(file_, "max");
        } catch (const std::exception& error) {
            report_failure("fork ban", error, 1);
        }
    }

private:
    void limit_user(rlim_t most) {
        rlimit limit{};
        check(::prlimit(pid_, RLIMIT_NPROC, nullptr, &limit), "prlimit");
        before_ = limit;
        limit.rlim_cur = most;
        check(::prlimit(pid_, RLIMIT_NPROC, &limit, nullptr), "prlimit");
    }

    pid_t pid_;
    rlimit before_{};
    std::string file_;
};

TEST_CASE("a shim that cannot be started leaves its container created, and the next start works",
          "[stage6][faults]") {
    EngineScene scene;
    scene.run_detached("bystander", {"sleep", "1000"});
    scene.create("web", {"sh", "-c", "exit 3"});
    scene.create("passing", {"true"}, [](Json& body) { body["HostConfig"]["AutoRemove"] = true; });
    const std::size_t descriptors = scene.descriptors();
    {
        const ForkBan ban{scene.pid()};
        const Answer refused = scene.request("POST", "/containers/web/start");
        INFO(refused);
        CHECK(refused.status == 500);
        CHECK(refused.message() == "cannot start shim: Resource temporarily unavailable");
        CHECK(scene.status("web") == "created");
        CHECK(scene.status("bystander") == "running");
        // As after every start that fails, what was to go at its end goes.
        CHECK(scene.request("POST", "/containers/passing/start").status == 500);
        const auto has_gone = [&] {
            return scene.request("GET", "/containers/passing/json").status == 404;
        };
        wait_until(has_gone, "it is removed");
    }
    wait_until([&] { return scene.descriptors() <= descriptors; }, "no descriptor is left");
    scene.start("web");
    CHECK(scene.wait("web") == 3);
}

TEST_CASE("a container whose processes were stopped from outside is stopped all the same",
          "[stage6][faults]") {
    for (const char* family : {"slipway", "orchestrator"}) {
        INFO(family);
        EngineScene scene{family};
        const std::string id = scene.run_detached("web", {"sleep", "1000"});
        const pid_t process = scene.process_of(id);
        ::kill(process, SIGSTOP);
        const auto stands_still = [&] {
            return read_file("/proc/" + std::to_string(process) + "/stat").find(") T ") !=
                   std::string::npos;
        };
        wait_until(stands_still, "it is stopped");
        CHECK(scene.request("POST", "/containers/web/stop?t=1").status == 204);
        CHECK(scene.status("web") == "exited");
        CHECK(scene.exit_code("web") == 137);
    }
}

// A group of version 1's freezer, which holds a process against SIGKILL too: it is then in state D,
// as one is that waits for a disk that does not answer.
class Ice {
public:
    explicit Ice(pid_t pid) : path_{group_of(::getpid(), "freezer")} {
        if (path_.empty()) skip("no freezer of version 1 here");
        path_ += "/ice";
        check(::mkdir(path_.c_str(), 0755), "mkdir", path_);
        write_control_file(path_ + "/cgroup.procs", std::to_string(pid));
        write_control_file(path_ + "/freezer.state", "FROZEN");
        wait_until([&] { return read_file(path_ + "/freezer.state") == "FROZEN\n"; }, "frozen");
    }
    Ice(const Ice&) = delete;
    Ice& operator=(const Ice&) = delete;
    ~Ice() {
        melt();
        ::rmdir(path_.c_str());
    }

    void melt() const { write_file(path_ + "/freezer.state", "THAWED"); }

private:
    std::string path_;
};

TEST_CASE("a process that SIGKILL does not reach is told of, and goes when it can",
          "[stage6][faults][root][v1][hybrid]") {
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    scene.run_detached("other",
                       {"sh", "-c", "trap 'exit 5' TERM; echo up; while :; do sleep 0.1; done"});
    scene.wait_for_logged("other", "up");
    const Ice ice{scene.process_of(id)};
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/web/stop?t=0", "Connection: close\r\n");
    CHECK(scene.request("POST", "/containers/other/stop?t=60").status == 204);
    CHECK(scene.exit_code("other") == 5);
    // The daemon gives it up after ten seconds.
    pollfd answer{talk.fd(), POLLIN, 0};
    const auto patience = patient(std::chrono::seconds{40});
    REQUIRE(::poll(&answer, 1, static_cast<int>(patience.count())) == 1);
    const Answer refused = read_answer(talk);
    INFO(refused);
    CHECK(refused.status == 500);
    CHECK(refused.message() == "cannot kill container: web: it could not be killed (state D)");
    CHECK(scene.status("web") == "running");
    ice.melt();
    wait_until([&] { return scene.status("web") == "exited"; }, "it has ended");
    CHECK(scene.exit_code("web") == 137);
}

// strace(1) lets the next call of this name fail in a process.
class NoMemory {
public:
    NoMemory(pid_t pid, const std::string& call)
        : strace_{{"strace", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                   "inject=" + call + ":error=ENOMEM:when=1", "-p", std::to_string(pid)}} {
        try {
            // Said when it has made the process stop, and not when it is only its tracer.
            strace_.wait_for_error(" attached");
        } catch (const Failure&) {
            skip("strace cannot trace here: " + strace_.err());
        }
    }
    NoMemory(const NoMemory&) = delete;
    NoMemory& operator=(const NoMemory&) = delete;
    ~NoMemory() { strace_.signal(SIGKILL); }

private:
    Process strace_;
};

TEST_CASE("a daemon without memory for a message kills without one, and says so of other signals",
          "[stage6][faults][lean]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sleep", "1000"});
    {
        const NoMemory fault{scene.pid(), "sendmsg"};
        const Answer refused = scene.request("POST", "/containers/web/kill?signal=USR1");
        INFO(refused);
        CHECK(refused.status == 500);
        CHECK(refused.message().ends_with("Cannot allocate memory"));
        CHECK(scene.status("web") == "running");
    }
    {
        const NoMemory fault{scene.pid(), "sendmsg"};
        CHECK(scene.request("POST", "/containers/web/kill").status == 204);
    }
    CHECK(scene.wait("web") == 137);
}

TEST_CASE("an exit record beside a shim that is alive counts only when the shim has ended",
          "[stage6][faults]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    scene.kill_daemon();
    write_file(scene.directory(id) + "/exit.1.json",
               R"({"code":7,"signal":0,"oom":false,"time":"2026-01-02T15:04:05.000000000Z"})");
    scene.start_daemon();
    CHECK(scene.status("web") == "running");
    CHECK(process_exists(scene.process_of(id)));
    CHECK(scene.request("POST", "/containers/web/kill").status == 204);
    CHECK(scene.status("web") == "exited");
    CHECK(scene.exit_code("web") == 137);  // the shim's own word has replaced it
}

// [lean]: two hundred of everything, which a sanitizer makes ten times as large.
TEST_CASE("two hundred runs at once have their own codes and names, and leave nothing",
          "[stage6][faults][slow][lean]") {
    EngineScene scene;
    const std::size_t descriptors = scene.descriptors();
    std::deque<Process> all;
    for (int i = 0; i < 200; ++i) {
        const std::string text = std::to_string(i);
        all.emplace_back(
            scene.client({"run", "--rm", "--", "sh", "-c", "echo " + text + "; exit " + text}),
            RunOptions{.deadline = std::chrono::seconds{120}});
    }
    for (int i = 0; i < 200; ++i) {
        Process& one = all[static_cast<std::size_t>(i)];
        INFO(one);
        CHECK(one.wait() == i);
        CHECK(one.out() == std::to_string(i) + "\n");
    }
    CHECK(scene.request("GET", "/containers/json?all=1").json().as_array().empty());
    wait_until([&] { return scene.descriptors() <= descriptors; }, "no descriptor is left");
}
