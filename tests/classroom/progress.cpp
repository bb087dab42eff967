// make progress: how far somebody is, soon.
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/classroom.hpp"
#include "tests/support/case.hpp"

static Result progress_of(const std::string& directory, const std::string& patience = "20") {
    return classroom({.verb = "progress",
                      .variables = {"DIR=" + directory, "CASE=[pupil]",
                                    std::string{kPatienceVariable} + "=" + patience}});
}

static std::string directory_of(const std::string& program) {
    return program.substr(0, program.rfind('/'));
}

TEST_CASE("progress is a line for the stage, the next sentence, and where to read of it",
          "[classroom]") {
    const Result result = progress_of(directory_of(script("#!/bin/sh\necho hello\n", "stage1.sh")));
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(result.out ==
          "stage 1  1/3\n  next: victim: it's there, and says so at once\n"
          "  read: 'The contract' in book/01-tcp-manager.md\n");
}

TEST_CASE("progress names the section of what is not written yet, and the hint", "[classroom]") {
    const std::string text = "not written yet: main: read 'A picture' in book/01.md";
    const Result result =
        progress_of(directory_of(script("#!/bin/sh\necho \"" + text + "\" >&2\n", "stage1")));
    INFO(result);
    CHECK(result.out ==
          "stage 1  0/3\n  next: victim: it says hello\n  read: 'A picture' in book/01.md\n"
          "  hint: is anything printed at all?\n");
}

TEST_CASE("progress waits for nobody who hangs", "[classroom]") {
    const std::string program = script(
        "#!/bin/sh\ncase $1 in now) echo late;; *) echo hello; exec sleep 1000;; esac\n", "stage1");
    const Result result = progress_of(directory_of(program), "4");
    INFO(result);
    CHECK_FALSE(result.timed_out);
    CHECK(contains(result.out, "stage 1  0/3\n  next: victim: it says hello (no answer yet)\n"));
}

TEST_CASE("progress builds what has a Makefile, and shows why it does not build", "[classroom]") {
    const std::string directory = temporary_directory();
    const std::string good = "#!/bin/sh\necho hello\n";
    write_file(directory + "/mine.sh", good);
    write_file(directory + "/Makefile",
               "build/stage1-mine: mine.sh\n\tmkdir -p build\n"
               "\tinstall mine.sh $@\n");
    CHECK(contains(progress_of(directory).out, "stage 1  1/3\n"));
    write_file(directory + "/Makefile", "all:\n\t@echo line 7: no such word; false\n");
    const Result result = progress_of(directory);
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.err, "does not build:"));
    CHECK(contains(result.err, "line 7: no such word"));
}

TEST_CASE("progress finds programs one directory below, and a script beside its contract",
          "[classroom]") {
    const std::string directory = temporary_directory();
    make_directories(directory + "/first");
    write_file(directory + "/first/run", "#!/bin/sh\necho hello\n", 0755);
    write_file(directory + "/first/CONTRACT.md", "# The contract of stage 1\n");
    CHECK(contains(progress_of(directory).out, "stage 1  1/3\n"));
    const Result nothing = progress_of(temporary_directory());
    INFO(nothing);
    CHECK(nothing.exit_code == 1);
    CHECK(contains(nothing.err, "no program in "));
}

TEST_CASE("progress asks a later stage's program what the earlier ones promise, in its own words",
          "[classroom]") {
    const std::string directory = temporary_directory();
    check(::symlink(built("stage4-chroot").c_str(), (directory + "/stage4").c_str()), "symlink");
    const auto ask = [&](const std::string& stage) {
        return classroom({.verb = "progress",
                          .variables = {"DIR=" + directory, "STAGE=" + stage,
                                        "CASE=the first process of a container sees itself as "
                                        "process 1"}});
    };
    const Result result = ask("3");
    INFO(result);
    CHECK(result.out == "stage 3  1/1\n");
    CHECK(ask("4").out == "stage 4  1/1\n");  // the one stage that was asked for
    CHECK(contains(ask("1").err, "no program of stage 1 in "));
}

TEST_CASE("progress does not wait for slow questions, and says that there are some",
          "[classroom]") {
    const std::string directory = temporary_directory();
    check(::symlink(built("stage2-cli-client").c_str(), (directory + "/stage2").c_str()),
          "symlink");
    const Result result = classroom({.verb = "progress", .variables = {"DIR=" + directory}});
    INFO(result);
    CHECK(contains(result.out, " (slow ones, which only make check asks: 2)\n"));
}
