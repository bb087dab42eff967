// make check and make exercise, with programs that are right, wrong and worse.
#include <sys/stat.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/classroom.hpp"
#include "tests/support/case.hpp"
#include "tests/support/source.hpp"

static Result check_with(const std::string& name, const std::string& program,
                         const std::string& seed = "7") {
    return classroom(
        {.verb = "check",
         .variables = {"STAGE=1", "PROGRAM=" + program, "CASE=victim: " + name, "SEED=" + seed}});
}

// A program that hangs, waited for as a reader's is.
static Result check_hanging(const std::string& name, const std::string& program) {
    return classroom({.verb = "check",
                      .variables = {"STAGE=1", "PROGRAM=" + program, "CASE=victim: " + name,
                                    "SEED=7", std::string{kPatienceVariable} + "=1"}});
}

TEST_CASE("a script that does what it should passes, and its case is named", "[classroom]") {
    const Result result = check_with("it says hello", script("#!/bin/sh\necho hello\n"));
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(contains(result.out, "passed: victim: it says hello ("));
    CHECK(result.out.ends_with("1 passed, 0 failed, 0 skipped\n"));
    CHECK(!contains(result.out, "[pupil]"));
}

TEST_CASE("a wrong program is told what was expected, got and said, and how to try again",
          "[classroom]") {
    const std::string program = script("#!/bin/sh\necho good morning; echo oops >&2; exit 3\n");
    const Result result = check_with("it says hello", program);
    INFO(result);
    CHECK(result.exit_code == 1);
    const std::string head = "FAILED: victim: it says hello (";
    CHECK(contains(result.out, head));
    for (const std::string part :
         {"  got:      \"good morning\\n\"\n", "  expected: \"hello\\n\"\n", "exit code: 3",
          "| good morning", "| oops", "hint: is anything printed at all?"}) {
        CHECK(contains(result.out, part));
    }
    CHECK(contains(result.out, "$ " + program + "\n"));
    CHECK(contains(result.out, "    again: make check STAGE=1 PROGRAM=" + program +
                                   " SEED=7 CASE='victim: it says hello'\n"));
}

TEST_CASE("a case whose name looks like an option is run by its name too", "[classroom]") {
    const Result result =
        classroom({.verb = "check",
                   .variables = {"STAGE=3", "PROGRAM=" + program(3),
                                 "CASE=--help answers on standard output with 0"}});
    INFO(result);
    CHECK(result.out.ends_with("1 passed, 0 failed, 0 skipped\n"));
}

TEST_CASE("a program that fails the first case is asked no other", "[classroom]") {
    const auto check_all = [](const std::string& program) {
        return classroom(
            {.verb = "check", .variables = {"STAGE=1", "PROGRAM=" + program, "CASE=[pupil]"}});
    };
    const Result wrong = check_all(script("#!/bin/sh\necho no\n"));
    INFO(wrong);
    CHECK(contains(wrong.out, "FAILED: victim: it says hello ("));
    CHECK(
        wrong.out.ends_with("make that pass first: 2 other cases were not run\n"
                            "0 passed, 1 failed, 0 skipped\n"));
    const Result right = check_all(script("#!/bin/sh\necho hello\n"));
    INFO(right);
    CHECK(right.out.ends_with("1 passed, 2 failed, 0 skipped\n"));
    CHECK(wrong.exit_code == 1);
}

TEST_CASE("the hint stands above what was got, and of several it is the last one said before",
          "[classroom]") {
    const Result result = check_with("three faults", script("#!/bin/sh\nkill $$\n"));
    INFO(result);
    CHECK(contains(result.out, " s)\n    hint: the second\n    tests/classroom/victims.cpp:"));
    CHECK(!contains(result.out, "hint: the first"));
    CHECK(!contains(result.out, "hint: the third"));
    CHECK(contains(result.out, "got:      143 (killed by signal 15: it has no handler for it)\n"));
}

TEST_CASE("what a program said is shown once, in twenty lines, and three faults are enough",
          "[classroom]") {
    const Result result = check_with("three faults", script("#!/bin/sh\nseq 100; exit 3\n"));
    INFO(result);
    std::size_t count = 0;
    for (auto at = result.out.find("victims.cpp:"); at != std::string::npos; ++count) {
        at = result.out.find("victims.cpp:", at + 1);
    }
    CHECK(count == 3);
    CHECK(contains(result.out, "| 10\n        ... 80 lines not shown ...\n        | 91\n"));
    CHECK(result.out.find("| 10\n") == result.out.rfind("| 10\n"));
}

TEST_CASE("the hints of a case that passes are not shown", "[classroom]") {
    const Result result = check_with("it says hello", script("#!/bin/sh\necho hello\n"));
    CHECK(!contains(result.out, "hint: "));
}

TEST_CASE("a program that hangs is told so after five seconds, and is gone", "[classroom]") {
    // Not exec: the shell that waits has to go, and its child too.
    const std::string program = script("#!/bin/sh\necho slow; sleep 1000; echo hello\n");
    const Result result = check_hanging("it says hello", program);
    INFO(result);
    CHECK(contains(result.out, "no answer after 5 s: killed"));
    CHECK(contains(result.out, "| slow"));
    CHECK(!contains(result.out, "left behind"));
}

TEST_CASE("a program that ignores SIGTERM and says nothing is told so too", "[classroom]") {
    const std::string program = script("#!/bin/sh\ntrap '' TERM INT HUP\nsleep 1000\n");
    const Result result = check_hanging("it's there, and says so at once", program);
    INFO(result);
    CHECK(contains(result.out, "no line after 5 s"));
    CHECK(contains(result.out, program + " now"));
    CHECK(!contains(result.out, "left behind"));
    CHECK(contains(result.out, "CASE='victim: it'\\''s there, and says so at once'\n"));
}

TEST_CASE("of a program that writes ten megabytes the beginning and the end are shown",
          "[classroom]") {
    const std::string program =
        script("#!/bin/sh\necho first\nyes | head -c 10000000\necho last\n");
    const Result result = check_with("it says hello", program);
    INFO("bytes: " << result.out.size());
    CHECK(result.exit_code == 1);
    CHECK(result.out.size() < 200'000);
    CHECK(contains(result.out, "| first"));
    CHECK(contains(result.out, "| last"));
}

TEST_CASE("a program that leaves a child behind fails, and the child is named", "[classroom]") {
    const std::string program =
        script("#!/bin/sh\nsleep 1000 </dev/null >/dev/null 2>&1 &\necho hello\n");
    const Result result = check_with("it says hello", program);
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out, "process left behind: "));
    CHECK(contains(result.out, "sleep 1000"));
    CHECK(contains(result.out, "    hint: all else was right, but when your program had ended "));
    CHECK(!contains(result.out, "hint: is anything printed at all?"));
}

TEST_CASE("the seed is shown, chooses the values, and is another each time", "[classroom]") {
    const std::string program = script("#!/bin/sh\necho no\n");
    const auto expected = [](const Result& result) {
        const std::size_t start = result.out.find("  expected: ");
        return result.out.substr(start, result.out.find('\n', start) - start);
    };
    const Result first = check_with("its name is said back", program, "11");
    INFO(first);
    CHECK(first.out.starts_with("seed 11\n"));
    CHECK(expected(check_with("its name is said back", program, "11")) == expected(first));
    CHECK(expected(check_with("its name is said back", program, "")) != expected(first));
}

TEST_CASE("a program that cannot be started is told why, in one line", "[classroom]") {
    const std::string directory = temporary_directory();
    write_file(directory + "/plain", "#!/bin/sh\n");
    const std::pair<std::string, std::string> faults[] = {
        {"", "PROGRAM=path is missing"},
        {"/no/such/program", "there is no program /no/such/program: No such file or directory"},
        {directory, "is a directory"},
        {directory + "/plain", "is not executable: chmod +x " + directory + "/plain"},
        {script("echo hello\n"), "neither a compiled program nor a script with a first line"},
        {script(""), "neither a compiled program nor a script with a first line"},
        {script("#!/usr/bin/no-such-python\n"), "names /usr/bin/no-such-python, which is not"},
        {script("#!/bin/sh\r\necho hello\r\n"), "its lines end in CR LF"},
        {script("#! \n"), "names no interpreter"},
    };
    for (const auto& [program, words] : faults) {
        const Result result = check_with("it says hello", program);
        INFO(result);
        CHECK(result.exit_code == 1);
        CHECK(std::ranges::count(result.err, '\n') == 1);
        CHECK(contains(result.err, words));
    }
}

TEST_CASE("a program's path may be relative to where make was called", "[classroom]") {
    const std::string program = script("#!/bin/sh\necho hello\n");
    const auto slash = program.rfind('/');
    const Result result = classroom(
        {.verb = "check",
         .variables = {"STAGE=1", "PROGRAM=." + program.substr(slash),
                       "FROM=" + program.substr(0, slash), "CASE=victim: it says hello"}});
    INFO(result);
    CHECK(result.exit_code == 0);
}

TEST_CASE("a stage that is missing or none is an error of usage", "[classroom]") {
    for (const std::string stage : {"STAGE=", "STAGE=0", "STAGE=7", "STAGE=three"}) {
        const Result result =
            classroom({.verb = "check", .variables = {stage, "PROGRAM=/bin/true"}});
        INFO(result);
        CHECK(result.exit_code == 2);
        CHECK(contains(result.err, "STAGE"));
    }
}

TEST_CASE("to check a stage none of our programs is built, but for a client's manager",
          "[classroom]") {
    for (const std::string stage : {"1", "2", "3", "4", "5"}) {
        const std::string build = temporary_directory();
        const Result plan = run({"make", "-n", "BUILD=" + build, "check", "STAGE=" + stage},
                                {.environment = {"MAKEFLAGS=", "MAKELEVEL=", "MFLAGS="},
                                 .directory = source_directory()});
        INFO(plan);
        REQUIRE(contains(plan.out, " -o " + build + "/tests/check-" + stage + "\n"));
        std::string programs;
        for (const auto& line : lines_of(plan.out)) {
            const auto at = line.find(" -o " + build + "/stage");
            if (at != std::string::npos) programs += line.substr(at);
        }
        CHECK(programs == (stage == "2" ? " -o " + build + "/stage1-tcp-manager" : ""));
    }
}
