// What goes on for long: output without an end that nobody reads, and a shim that stands still.
#include <signal.h>
#include <sys/stat.h>

#include <chrono>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/daemon/shim_client.hpp"
#include "tests/stage6/engine_scene.hpp"

// Kilobytes, as /proc/PID/status says: the most that it ever had in memory.
static long peak_memory(pid_t pid) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
    return std::stol(status.substr(status.find("VmHWM:") + 6));
}

// One GiB without a newline; no two pieces of 16 KiB, or of a power of two, are alike.
static const std::string kGibibyte =
    "yes 'a line of 37 letters and its newline' | tr -d '\\n' | head -c 1073741824";

// [lean]: it measures memory, and a sanitizer makes it ten times as slow.
TEST_CASE("a gigabyte in one line that nobody reads blocks nobody, and all of it is kept",
          "[stage6][faults][lean][slow]") {
    EngineScene scene{"orchestrator"};
    const std::string quiet = scene.run_detached("quiet", {"sleep", "1000"});
    const std::string written = temporary_directory() + "/written";
    check(::mkfifo(written.c_str(), 0600), "mkfifo", written);
    const std::string id = scene.run_detached(
        "web", {"sh", "-c", kGibibyte + "; echo all >" + written + "; sleep 1000"});
    scene.kill_daemon();
    // No reader, and no daemon either: the shim alone takes it from the pipe.
    const Result told = run({"cat", written}, {.deadline = std::chrono::seconds{250}});
    INFO(told);
    REQUIRE(told.out == "all\n");
    CHECK(peak_memory(scene.shim_of(id)) <= peak_memory(scene.shim_of(quiet)) + 1024);
    scene.start_daemon();
    CHECK(scene.status("web") == "running");
    const std::string sum = " | sha256sum";
    const std::string client = scene.client({})[0] + " --socket " + scene.socket();
    const Result kept =
        run({"sh", "-c", client + " logs web" + sum}, {.deadline = std::chrono::seconds{250}});
    const Result wanted =
        run({"sh", "-c", kGibibyte + sum}, {.deadline = std::chrono::seconds{250}});
    INFO(kept);
    CHECK(kept.err.empty());
    CHECK(kept.out == wanted.out);
}

// As long as its shim stands still, one container's requests are refused after a while, and nobody
// else's is late; then all is as before.
static void check_stopped_shim(std::chrono::seconds time) {
    EngineScene scene;
    const std::string id = scene.run_detached(
        "web", {"sh", "-c", "trap 'exit 4' TERM; echo up; while :; do sleep 0.1; done"});
    scene.wait_for_logged("web", "up");
    const pid_t shim = scene.shim_of(id);
    ::kill(shim, SIGSTOP);
    const auto end = std::chrono::steady_clock::now() + time;
    int number = 0;
    do {
        Talk stop{scene.socket()};
        stop.request("POST", "/containers/web/stop?t=1", "Connection: close\r\n");
        const auto asked = std::chrono::steady_clock::now();
        // The last known state, and somebody else's whole life, while that request waits.
        CHECK(scene.status("web") == "running");
        CHECK_FALSE(stop.has_input());
        CHECK(scene.inspect("web").find("Id")->as_string() == id);
        const std::string other = "other" + std::to_string(++number);
        scene.run_detached(other, {"sh", "-c", "exit 3"});
        CHECK(scene.wait(other) == 3);
        const bool has_answered = stop.has_input();
        // It waits for five seconds: a machine that needed them for all this shows no more.
        CHECK((!has_answered || std::chrono::steady_clock::now() - asked >= kShimDeadline));
        const Answer refused = read_answer(stop);
        INFO(refused);
        CHECK(refused.status == 500);
        CHECK(refused.message() == "the shim of container " + id + " does not answer");
        CHECK(scene.status("web") == "running");
    } while (std::chrono::steady_clock::now() < end);
    // Before it goes on: then it ends by itself, for it finds what it was asked so far.
    Talk stop{scene.socket()};
    stop.request("POST", "/containers/web/stop?t=60", "Connection: close\r\n");
    CHECK(scene.status("web") == "running");
    ::kill(shim, SIGCONT);
    CHECK(read_answer(stop).status == 204);
    CHECK(scene.exit_code("web") == 4);
}

TEST_CASE("a stop of a container whose shim stands still is refused, and works when it goes on",
          "[stage6][faults]") {
    check_stopped_shim(std::chrono::seconds{0});
}

TEST_CASE("a shim that stands still for a minute is refused to each, and then goes on",
          "[stage6][faults][slow][.]") {
    check_stopped_shim(std::chrono::seconds{60});
}

static std::string oom_score_of(pid_t pid) {
    return read_file("/proc/" + std::to_string(pid) + "/oom_score_adj");
}

// Whether a process of ours may protect itself so; else it stays what it is.
static std::string allowed_score(const std::string& wanted) {
    const std::string command = "echo " + wanted + " > /proc/self/oom_score_adj";
    const Result tried = run({"sh", "-c", "(" + command + ") 2>/dev/null"});
    return tried.exit_code == 0 ? wanted + "\n" : oom_score_of(::getpid());
}

TEST_CASE("memory that runs out takes containers first, then the daemon, and shims last",
          "[stage6][faults]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    CHECK(oom_score_of(scene.pid()) == allowed_score("-500"));
    CHECK(oom_score_of(scene.shim_of(id)) == allowed_score("-999"));
    const std::string of_container = oom_score_of(scene.process_of(id));
    const bool may_lower = allowed_score("-999") == "-999\n";
    CHECK(of_container == (may_lower ? "0\n" : oom_score_of(::getpid())));
    if (may_lower) CHECK(of_container != oom_score_of(scene.shim_of(id)));
}
