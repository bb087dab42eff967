// The measurements work. Whether they are good is no matter for a test: see make bench.
#include <sstream>

#include "common/file.hpp"
#include "tests/support/testing.hpp"

static Result measure(const std::vector<std::string>& topics) {
    std::vector<std::string> command{built("tests/slipway-bench"), "--rounds", "1"};
    command.insert(command.end(), topics.begin(), topics.end());
    return run(command, {.deadline = std::chrono::seconds{160}});
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

// Measures the topics once; each of the rows has figures.
static void check_topics(const std::vector<std::string>& topics,
                         const std::vector<std::string>& rows) {
    const Result result = measure(topics);
    INFO(result);
    REQUIRE(result.exit_code == 0);
    for (const auto& row : rows) check_measured(result.out, row);
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
    check_topics({"pieces"}, {"clone3, exec, wait", "  and pivot_root"});
}

TEST_CASE("launches four at a time are measured", "[bench]") {
    check_topics({"crowd"}, {"stage 5"});
}

TEST_CASE("requests to stage 1, and stage 2 with a pipe, are measured", "[bench]") {
    check_topics({"requests", "table", "pipe"}, {"1 connection", "10 containers", "stage 2"});
}

TEST_CASE("a run through the whole engine is measured", "[bench]") {
    check_topics({"engine-run"}, {"slipway run", "orchestrate run (only to its start)"});
}

TEST_CASE("requests to the engine and its verbs are measured", "[bench]") {
    check_topics({"api"}, {"8 connections", "create + start + wait + remove", "exec, to its end"});
}

TEST_CASE("the log is measured, in and out", "[bench]") {
    check_topics({"log"}, {"2-byte lines", "slipwayd"});
}

TEST_CASE("the memory of shims and of a daemon with many containers is measured", "[bench]") {
    check_topics({"memory", "scale"},
                 {"slipway-shim", "daemon's end and start until it answers, ms"});
}

TEST_CASE("the measurements land in a file too, with their targets", "[bench]") {
    const std::string directory = temporary_directory();
    const Result result =
        run({built("tests/slipway-bench"), "--rounds", "1", "--out", "report.md", "launch"},
            {.directory = directory, .deadline = std::chrono::seconds{160}});
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
