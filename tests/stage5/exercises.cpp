// The exercises of chapter 5, for the program of a reader's (make exercise EX=5.1 PROGRAM=...).
#include <poll.h>
#include <signal.h>

#include "common/file.hpp"
#include "tests/stage5/groups.hpp"

static Result pause_verb(const std::string& verb, const std::string& id) {
    const Result result = run({program(5), verb, id});
    UNSCOPED_INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.empty());
    return result;
}

// Whether the container, whose command is cat, gives back a line within this time.
static bool echoes(Process& runner, const std::string& line, int milliseconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{milliseconds};
    while (std::chrono::steady_clock::now() < end) {
        if (runner.out().find(line) != std::string::npos) return true;
        ::poll(nullptr, 0, 10);
    }
    return false;
}

TEST_CASE("exercise 5.1: a paused container stands still, and loses nothing", "[.][ex-5.1][root]") {
    hint("cgroup.freeze, or version 1's freezer.state: in the groups that the ID names");
    need_limits();
    const StageContainer container = container_with_programs({"sh", "hostname", "cat"});
    Process runner{container.command({"/bin/sh", "-c", "hostname; exec cat"})};
    const std::string id = id_of(runner.read_line());
    pause_verb("pause", id);
    pause_verb("pause", id);
    runner.send("one line\n");
    CHECK_FALSE(echoes(runner, "one line\n", 300));
    pause_verb("unpause", id);
    CHECK(echoes(runner, "one line\n", 30'000));
    pause_verb("unpause", id);
    runner.close_stdin();
    CHECK(runner.wait() == 0);
}

TEST_CASE("exercise 5.1: a paused container that is killed ends", "[.][ex-5.1][root]") {
    need_limits();
    const StageContainer container = container_with_programs({"sh", "hostname", "cat"});
    Running running{container.command({"/bin/sh", "-c", "hostname; exec cat"}), "container-"};
    pause_verb("pause", id_of(running.runner().out()));
    running.runner().signal(SIGKILL);
    CHECK(running.runner().wait() == 137);
    running.check_groups_gone();
    wait_until([&] { return !is_alive(running.first()); }, "its first process is gone");
}

TEST_CASE("exercise 5.1: what is no container is named", "[.][ex-5.1]") {
    for (const std::string id : {"0123456789ab", "../slipway"}) {
        const Result result = run({program(5), "pause", id});
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_line(result.err, {id}) == "");
    }
}

TEST_CASE("exercise 5.2: the tenth process of nine is refused", "[.][ex-5.2][root]") {
    hint("pids.max, in the group of the pids controller");
    need_limits();
    const StageContainer container{5};
    CHECK(run(container.probing({"forks", "50"}, {"--pids", "10"})).out ==
          "9 Resource temporarily unavailable\n");
    CHECK(run(container.probing({"forks", "8"}, {"--pids", "10"})).out == "8 ok\n");
    CHECK(run(container.probing({"forks", "50"})).out == "50 ok\n");
}

TEST_CASE("exercise 5.3: nothing lives on, and no group is left", "[.][ex-5.3][root]") {
    hint("cgroup.kill; or freeze, kill all in cgroup.procs, thaw; in the groups below too");
    need_limits();
    const StageContainer container{5};
    Running running{container.probing({"sleep"}), "ready"};
    Process stranger{{probe(), "sleep"}};  // put into the container from outside
    CHECK(stranger.read_line() == "ready");
    for (const auto& group : running.groups()) {
        write_control_file(group + "/cgroup.procs", std::to_string(stranger.pid()));
    }
    running.runner().signal(SIGTERM);
    CHECK(running.runner().wait() == 143);
    INFO(running.runner().err());
    CHECK(running.groups_left() == "");
    CHECK(stranger.wait() == 137);
    const Result result = run(container.probing({"orphan"}, {"--share", "pid"}));
    INFO(result);
    REQUIRE(result.exit_code == 0);
    CHECK_FALSE(is_alive(static_cast<pid_t>(std::stol(result.out))));
    const StageContainer shell = container_with_programs({"sh"});
    const Result bomb = run(shell.command({"/bin/sh", "-c", "bomb() { bomb | bomb & }; bomb"},
                                          {"--share", "pid", "--pids", "30"}));
    INFO(bomb);
    CHECK_FALSE(bomb.timed_out);  // the runner looks for what is left behind

    // Here only the janitor is left to do it, and it is nobody's parent.
    Process runner{
        shell.command({"/bin/sh", "-c", "/probe orphan; exec /probe sleep"}, {"--share", "pid"})};
    runner.wait_for_output("ready");
    const auto left = static_cast<pid_t>(std::stol(runner.out()));
    runner.signal(SIGKILL);
    CHECK(runner.wait() == 137);
    wait_until([&] { return !is_alive(left); }, "what the command left has ended");
}

TEST_CASE("exercise 5.4: want of memory is told, any other SIGKILL is not", "[.][ex-5.4][root]") {
    hint("137 alone says SIGKILL; the counter alone says that some process was killed");
    need_limits();
    const StageContainer container = container_with_programs({"sh"});
    const auto errors_of = [&](const std::string& script) {
        const Result result = run(container.command({"/bin/sh", "-c", script}, {"--memory", "64"}),
                                  {.deadline = std::chrono::seconds{50}});
        UNSCOPED_INFO(result);
        return result.err;
    };
    CHECK(fault_of_line(errors_of("exec /probe eat 100"),
                        {"killed: out of memory, limit 64 MiB"}) == "");
    CHECK(errors_of("/probe eat 100; exit 5").find("limit 64 MiB") == std::string::npos);
    Running running{container.command({"/probe", "sleep"}, {"--memory", "64"}), "ready"};
    ::kill(running.first(), SIGKILL);
    CHECK(running.runner().wait() == 137);
    CHECK(running.runner().err().find("out of memory") == std::string::npos);
}

TEST_CASE("exercise 5.5: a container has so much processor time, and no more",
          "[.][ex-5.5][root]") {
    hint("cpu.stat's usage_usec counts all that lived in the group; look at it every 50 ms");
    need_limits();
    const StageContainer container = container_with_programs({"sh", "sleep"});
    const Words options{"--cpu-seconds", "1", "--cpu", "0"};
    const RunOptions patience{.deadline = std::chrono::seconds{30}};
    const std::string told = "killed: out of CPU time, limit 1 s";
    const Result one = run(container.command({"/probe", "burn", "20000"}, options), patience);
    INFO(one);
    CHECK(one.exit_code == 137);
    CHECK(fault_of_line(one.err, {told}) == "");
    const Result many =
        run(container.command({"/bin/sh", "-c", "while :; do /probe burn 100; done"}, options),
            patience);
    INFO(many);
    CHECK(many.exit_code == 137);
    CHECK(many.err.find(told) != std::string::npos);
    const Result asleep =
        run(container.command({"/bin/sh", "-c", "sleep 1.5; exit 5"}, options), patience);
    INFO(asleep);
    CHECK(asleep.exit_code == 5);
    CHECK(asleep.err.empty());
    CHECK(run(container.probing({"pid"}, {"--cpu-seconds", "0"})).exit_code == 125);
}

TEST_CASE("exercise 5.6: a list of processors is read as the kernel writes it",
          "[.][ex-5.6][root]") {
    hint("split at the commas, then at the hyphen; a std::set of numbers");
    need_limits();
    const StageContainer container{5};
    for (const std::string list : {"0", "0,0", "0-0", "0-0,0"}) {
        const Result result =
            run(container.probing({"cat", "/proc/self/status"}, {"--cpuset-cpus", list}));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.out.find("Cpus_allowed_list:\t0\n") != std::string::npos);
    }
    for (const std::string list : {"", ",0", "0,", "0,,0", "1-0", "0--1", "-1", "x", "0-x"}) {
        const Result result = run(container.probing({"pid"}, {"--cpuset-cpus", list}));
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_line(result.err, {"--cpuset-cpus"}) == "");
    }
}
