// The way out of chroot, and that it is none after pivot_root.
#include <unistd.h>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

// The verb's program, which each container sees as /breakout.
static Words breaking_out(const StageContainer& container, const Words& command,
                          const Words& options = {}) {
    Words all{"-v", built("stage4-chroot") + ":/breakout"};
    all.insert(all.end(), options.begin(), options.end());
    Words words{"/breakout", "breakout"};
    words.insert(words.end(), command.begin(), command.end());
    return container.command(words, all);
}

TEST_CASE("breakout leaves a chroot, and the host's files are there", "[stage4]") {
    const std::string marker = temporary_directory() + "/marker";
    write_file(marker, "the host's\n");
    for (const int stage : stages_with_roots()) {
        const StageContainer container{stage};
        const Result result = run(breaking_out(container, {probe(), "cat", marker}, {"--chroot"}));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.out == "the host's\n");
        CHECK(run(breaking_out(container, {probe(), "cwd"}, {"--chroot"})).out == "/\n");
        CHECK(names_in(container.outside("")) ==
              Words{"breakout", "dev", "probe", "proc", "sys", "tmp"});
    }
}

TEST_CASE("breakout needs no directory of its own", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const StageContainer container{stage};
        REQUIRE(run(breaking_out(container, {"/probe", "pid"})).exit_code == 125);  // mount points
        const Result result = run(breaking_out(container, {probe(), "ls", source_directory()},
                                               {"--chroot", "--read-only"}));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.out.find("stage4-chroot\n") != std::string::npos);
    }
}

TEST_CASE("breakout after pivot_root says that there is nowhere to go", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const StageContainer container{stage};
        const Result result = run(breaking_out(container, {"/probe", "ls", "/"}));
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(result.out.empty());
        CHECK(result.err.find("break out: / is the same directory") != std::string::npos);
    }
}

TEST_CASE("breakout leaves a chroot that nobody of ours made", "[stage4][root]") {
    const StageContainer container{4};
    const std::string marker = temporary_directory() + "/marker";
    write_file(marker, "the host's\n");
    REQUIRE(run({"cp", built("stage4-chroot"), container.outside("breakout")}).exit_code == 0);
    const Result result =
        run({"chroot", container.outside(""), "/breakout", "breakout", probe(), "cat", marker});
    INFO(result);
    CHECK(result.out == "the host's\n");
    CHECK(names_in(container.outside("")) == Words{"breakout", "probe"});
    // What is missing there is missing: the exit codes are the usual ones.
    CHECK(run({"chroot", container.outside(""), "/breakout", "breakout", "/no/such"}).exit_code ==
          127);
}

TEST_CASE("breakout without a command says how to use it", "[stage4]") {
    const Result result = run({built("stage4-chroot"), "breakout"});
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(fault_of_message(result.err, "stage4-chroot", {"no command"}) == "");
}
