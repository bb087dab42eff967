// The programs that kill the engine's parts, each for some seconds: they find nothing, and they do
// find what is wrong where harm is done on purpose.
#include "tests/stage3/container.hpp"
#include "tests/support/testing.hpp"

static Result run_faults(const std::vector<std::string>& words) {
    if (!is_root()) need_user_namespaces();
    std::vector<std::string> command{built("tests/slipway-faults")};
    command.insert(command.end(), words.begin(), words.end());
    return run(command, {.environment = {"TMPDIR=" + temporary_directory()},
                         .deadline = std::chrono::seconds{120}});
}

static void need_strace() {
    if (run({"strace", "-V"}).exit_code != 0) skip("no strace here");
    if (run({"strace", "-o", "/dev/null", "true"}).exit_code != 0) skip("strace may not trace");
}

TEST_CASE("daemon, shims and clients killed at random lose nothing and leave nothing",
          "[stage6][faults][lean][serial]") {
    const Result result = run_faults({"soak", "--seconds", "6", "--seed", "1"});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.find("violations: 0\n") != std::string::npos);
}

TEST_CASE("a byte that is lost, doubled or altered, a code and a container forgotten are seen",
          "[stage6][faults][lean][serial]") {
    for (const std::string harm : {"lose", "duplicate", "alter", "forget", "code"}) {
        const Result result = run_faults({"soak", "--seconds", "20", "--tamper", harm});
        INFO(harm << ": " << result);
        CHECK(result.exit_code == 1);
        CHECK(result.err.find("VIOLATION") != std::string::npos);
    }
}

TEST_CASE("a record is on the disk before it has its name, and its name before anybody is told",
          "[stage6][faults][lean][serial]") {
    need_strace();
    const Result result = run_faults({"order"});
    INFO(result);
    CHECK(result.exit_code == 0);
}

TEST_CASE("a daemon killed at any call that changes something leaves nothing half done",
          "[stage6][faults][lean][serial]") {
    need_strace();
    const Result result = run_faults({"sweep", "--every", "8"});
    INFO(result);
    CHECK(result.exit_code == 0);
}
