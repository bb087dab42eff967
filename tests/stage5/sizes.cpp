// What a person types for a limit.
#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/cpu_list.hpp"
#include "stage5-cgroups/limits.hpp"
#include "tests/stage3/container.hpp"

TEST_CASE("sizes are numbers of MiB, or say their unit", "[stage5]") {
    CHECK(parse_memory("64") == 64u << 20);
    CHECK(parse_memory("0") == 0);
    CHECK(parse_memory("64m") == 64u << 20);
    CHECK(parse_memory("64M") == 64u << 20);
    CHECK(parse_memory("1g") == 1u << 30);
    CHECK(parse_memory("1.5G") == 3u << 29);
    CHECK(parse_memory("8192k") == 8u << 20);
    CHECK(parse_memory("10000000b") == 10000000);
    CHECK(parse_memory("6m") == 6u << 20);
    CHECK(parse_memory("1000g") == 1000ull << 30);
}

TEST_CASE("what is no size is refused, and so is one that nothing could run in", "[stage5]") {
    for (const std::string bad : {"",
                                  "m",
                                  "x",
                                  "-1",
                                  "-5m",
                                  "+5",
                                  "1x",
                                  "10m ",
                                  " 10",
                                  "1.5.2",
                                  "1e3",
                                  "0x10",
                                  "10mb",
                                  "9223372036854775807",
                                  "99999999999999999999g",
                                  "nan",
                                  "inf",
                                  "nank",
                                  "infinity",
                                  "1,5",
                                  "1b",
                                  "5.9m",
                                  "0.001",
                                  "6291455b"}) {
        INFO(bad);
        CHECK_THROWS_AS(parse_memory(bad), UsageError);
    }
}

TEST_CASE("bad limits get one line that names them", "[stage5]") {
    REQUIRE(file_exists(program(5)));
    const std::pair<Words, std::string> cases[] = {
        {{"--memory", "lots"}, "--memory lots"},
        {{"--memory", "1b"}, "--memory 1b"},
        {{"--memory", "-1"}, "--memory -1"},
        {{"--cpu", "1.5"}, "--cpu 1.5"},
        {{"--cpu", "-1"}, "--cpu -1"},
        {{"--cpu", "1048577"}, "--cpu 1048577"},
        {{"--pids", "x"}, "--pids x"},
        {{"--pids", "-1"}, "--pids -1"},
        {{"--pids", "4194305"}, "--pids 4194305"},
        {{"--cpu-weight", "0"}, "--cpu-weight 0"},
        {{"--cpu-weight", "10001"}, "--cpu-weight 10001"},
        {{"--cpuset-cpus", "1-"}, "--cpuset-cpus"},
        {{"--cpuset-cpus", ""}, "--cpuset-cpus"}};
    for (const auto& [options, text] : cases) {
        Words command{program(5), "run"};
        command.insert(command.end(), options.begin(), options.end());
        command.insert(command.end(), {"host", "true"});
        const Result result = run(command);
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_message(result.err, program_name(5), {text}) == "");
    }
}

TEST_CASE("sizes are told in the article's words", "[stage5]") {
    CHECK(memory_text(512u << 20) == "512MB");
    CHECK(memory_text(1000u << 10) == "1000KB");
    CHECK(memory_text(1000001) == "1000001B");
}

TEST_CASE("a list of processors is numbers and ranges", "[stage5]") {
    CHECK(parse_cpu_list("0") == std::set<unsigned>{0});
    CHECK(parse_cpu_list("0-2,5") == std::set<unsigned>{0, 1, 2, 5});
    CHECK(parse_cpu_list("3,1,3-3") == std::set<unsigned>{1, 3});
    CHECK(parse_cpu_list("8191") == std::set<unsigned>{8191});
    for (const std::string bad : {"", ",", "1,", ",1", "1,,2", "-1", "1-", "2-1", "a", "1 2", "0x1",
                                  "8192", "0-99999999999", "1-2-3", "0:1"}) {
        INFO(bad);
        CHECK_THROWS_AS(parse_cpu_list(bad), UsageError);
    }
    CHECK_NOTHROW(check_cpus("0-1", "0-3\n"));
    CHECK_THROWS_WITH(check_cpus("1,4", "0-3\n"),
                      Catch::Contains("CPU 4 is not among") && Catch::Contains("(0-3)"));
}
