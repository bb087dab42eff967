// The measurements work. Whether they are good is no matter for a test: see make bench.
#include <sstream>

#include "common/file.hpp"
#include "tests/support/testing.hpp"

static Result measure(const std::vector<std::string>& topics) {
    std::vector<std::string> command{built("tests/slipway-bench"), "--rounds", "1"};
    command.insert(command.end(), topics.begin(), topics.end());
    return run(command, {.deadline = std::chrono::seconds{50}});
}

// The cells of the first row that begins with the name.
static std::vector<std::string> row_of(const std::string& report, const std::string& name) {
    std::istringstream text{report};
    for (std::string line; std::getline(text, line);) {
        if (!line.starts_with("| " + name + " ")) continue;
        std::vector<std::string> cells;
        std::istringstream words{line};
        for (std::string cell; std::getline(words, cell, '|');) cells.push_back(cell);
        return cells;
    }
    return {};
}

static void check_measured(const std::string& report, const std::string& name) {
    INFO(report);
    const auto cells = row_of(report, name);
    INFO(name);
    REQUIRE(cells.size() > 2);
    CHECK(cells.at(2).find_first_of("123456789") != std::string::npos);
}

TEST_CASE("launches are measured beside the kernel's floor", "[bench]") {
    const Result result = measure({"launch"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    check_measured(result.out, "floor without cgroup");
    check_measured(result.out, "stage 5");
    CHECK(result.out.find("- kernel: ") != std::string::npos);
}

TEST_CASE("the pieces of a launch are measured", "[bench]") {
    const Result result = measure({"pieces"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    check_measured(result.out, "clone3, exec, wait");
    check_measured(result.out, "  and pivot_root");
}

TEST_CASE("launches four at a time are measured", "[bench]") {
    const Result result = measure({"crowd"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    check_measured(result.out, "stage 5");
}

TEST_CASE("requests to stage 1, and stage 2 with a pipe, are measured", "[bench]") {
    const Result result = measure({"requests", "table", "pipe"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    check_measured(result.out, "1 connection");
    check_measured(result.out, "10 containers");
    check_measured(result.out, "stage 2");
}

TEST_CASE("a run through the whole engine is measured", "[bench]") {
    const Result result = measure({"engine-run"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    check_measured(result.out, "slipway run");
    check_measured(result.out, "orchestrate run (only to its start)");
}

TEST_CASE("requests to the engine and its verbs are measured", "[bench]") {
    const Result result = measure({"api"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    check_measured(result.out, "8 connections");
    check_measured(result.out, "create + start + wait + remove");
    check_measured(result.out, "exec, to its end");
}

TEST_CASE("the log is measured, in and out", "[bench]") {
    const Result result = measure({"log"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    check_measured(result.out, "2-byte lines");
    check_measured(result.out, "slipwayd");
}

TEST_CASE("the memory of shims and of a daemon with many containers is measured", "[bench]") {
    const Result result = measure({"memory", "scale"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    check_measured(result.out, "slipway-shim");
    check_measured(result.out, "daemon's end and start until it answers, ms");
}

TEST_CASE("the measurements land in a file too, with their targets", "[bench]") {
    const std::string directory = temporary_directory();
    const Result result =
        run({built("tests/slipway-bench"), "--rounds", "1", "--out", "report.md", "launch"},
            {.directory = directory, .deadline = std::chrono::seconds{50}});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    CHECK(read_file(directory + "/report.md") == result.out);
    CHECK(result.out.find("| stage 5 / best floor, hot ") != std::string::npos);
}

TEST_CASE("a topic that there is not is refused, and --list names those that there are",
          "[bench]") {
    const std::string bench = built("tests/slipway-bench");
    CHECK(run({bench, "no-such-topic"}).exit_code == 2);
    CHECK(run({bench, "--list"}).out.find("launch ") != std::string::npos);
}
