// At the memory limit, and what is told in the end.
#include <signal.h>

#include <sstream>

#include "tests/stage5/groups.hpp"

// Where the processor is emulated a megabyte at a limit takes its time.
static const RunOptions kSlow{.deadline = std::chrono::seconds{50}};

TEST_CASE("a command that uses more memory than it may is killed, and that is told",
          "[stage5][root][contract]") {
    hint("does memory.events (version 1: memory.oom_control) have an oom_kill above 0 at the end?");
    need_limits();
    const StageContainer container{5};
    const Result within = run(container.probing({"eat", "20"}, {"--memory", "64"}));
    INFO(within);
    CHECK(within.out == "ate 20\n");
    CHECK(within.err.empty());
    const Result beyond = run(container.probing({"eat", "100"}, {"--memory", "64"}), kSlow);
    INFO(beyond);
    CHECK(beyond.exit_code == 137);
    CHECK(beyond.out.empty());
    CHECK(fault_of_line(beyond.err, {"killed: out of memory, limit 64 MiB"}) == "");
}

TEST_CASE("any other SIGKILL is not called want of memory", "[stage5][root][contract]") {
    hint("137 is the code of every SIGKILL: only the kernel's counter tells them apart");
    need_limits();
    const StageContainer container{5};
    Running running{container.command({"/probe", "sleep"}, {"--memory", "64"}), "ready"};
    ::kill(running.first(), SIGKILL);
    CHECK(running.runner().wait() == 137);
    CHECK(running.runner().err().find("out of memory") == std::string::npos);
}

TEST_CASE("a child's end for want of memory is the command's own affair", "[stage5][root]") {
    need_limits();
    const StageContainer container = container_with_programs({"sh"});
    const Result result = run(
        container.command({"/bin/sh", "-c", "/probe eat 100; echo $?"}, {"--memory", "64"}), kSlow);
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out == "137\n");
    CHECK(result.err.find("out of memory, limit") == std::string::npos);
}

// Whether a line of the table begins and ends like this.
static bool has_row(const std::string& table, const std::string& name, const std::string& end) {
    std::istringstream lines{table};
    for (std::string row; std::getline(lines, row);) {
        if (row.starts_with(name + "  ") && row.ends_with("  " + end)) return true;
    }
    return false;
}

TEST_CASE("--stats tells what was used beside what was allowed", "[stage5][root][contract]") {
    hint(
        "memory.peak and cpu.stat (version 1: memory.max_usage_in_bytes, cpu.stat, cpuacct.usage)");
    need_limits();
    const StageContainer container{5};
    const Result result =
        run(container.probing({"eat", "40"}, {"--stats", "--memory", "100", "--cpu", "512"}));
    INFO(result);
    CHECK(result.exit_code == 0);
    std::string row;
    std::istringstream lines{result.err};
    Words names;
    while (std::getline(lines, row)) {
        names.push_back(row.substr(0, row.find("  ")));
        if (!row.starts_with("memory")) continue;
        const double peak = std::stod(row.substr(6));
        CHECK(peak >= 40);
        CHECK(peak <= 100);
        CHECK(row.ends_with("100 MiB"));
    }
    CHECK(names == Words{"", "memory", "CPU time", "throttled"});
    hint("a limit of 0 is none, and allowed is \"no limit\"");
    const Result free =
        run(container.probing({"pid"}, {"--stats", "--memory", "0", "--cpu", "0", "--pids", "9"}));
    INFO(free);
    CHECK(free.out == "1\n");
    CHECK(has_row(free.err, "memory", "no limit"));
    CHECK(has_row(free.err, "CPU time", "no limit"));
}

TEST_CASE("CPU time is counted", "[stage5][root]") {
    need_limits();
    const Result result =
        run(StageContainer{5}.probing({"burn", "600"}, {"--stats", "--quiet", "--cpu", "256"}));
    INFO(result);
    const auto seconds = [&](const std::string& name) {
        const auto at = result.err.find(name);
        REQUIRE(at != std::string::npos);
        return std::stod(result.err.substr(at + name.size()));
    };
    // "ready", and then what the program has counted of itself, in milliseconds.
    const double own = std::stod(result.out.substr(result.out.find('\n') + 1)) / 1000;
    CHECK(seconds("CPU time") > own - 0.005);
    CHECK(seconds("CPU time") < own + 0.4);  // and its set-up
    CHECK(seconds("throttled") >= 0);  // what counts as throttled differs from kernel to kernel
}

TEST_CASE("without --stats, and where stderr is no terminal, there is no table", "[stage5]") {
    const StageContainer container{5};
    const Result result = run({program(5), "run", container.outside(""), "/probe", "pid"});
    INFO(result);
    CHECK(result.err.find("throttled") == std::string::npos);
}

TEST_CASE("limits that do not hold are not told as if they did", "[stage5][root]") {
    const StageContainer container{5};
    const Result result = run(
        {"unshare", "--mount", "sh", "-c", "umount --recursive --lazy /sys/fs/cgroup; exec \"$@\"",
         "sh", program(5), "run", "--quiet", "--stats", container.outside(""), "/probe", "pid"});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.err.find("memory      -           no limit\n") != std::string::npos);
    CHECK(result.err.find("CPU time    -           no limit\n") != std::string::npos);
}
