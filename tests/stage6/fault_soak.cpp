// The programs that kill the engine's parts, each for some seconds: they find nothing, and they do
// find what is wrong where harm is done on purpose.
#include "tests/stage3/container.hpp"
#include "tests/support/testing.hpp"

static Result run_faults(const std::vector<std::string>& words) {
    if (!is_root()) need_user_namespaces();
    std::vector<std::string> command{built("tests/slipway-faults")};
    command.insert(command.end(), words.begin(), words.end());
    return run(command, {.environment = {"TMPDIR=" + temporary_directory()},
                         .deadline = std::chrono::seconds{580}});
}

static void need_strace() {
    if (run({"strace", "-V"}).exit_code != 0) skip("no strace here");
    if (run({"strace", "-o", "/dev/null", "true"}).exit_code != 0) skip("strace may not trace");
}

TEST_CASE("daemon, shims and clients killed at random lose nothing and leave nothing",
          "[stage6][faults][lean][slow][serial]") {
    const Result result = run_faults({"soak", "--seconds", "6", "--seed", "1"});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.find("violations: 0\n") != std::string::npos);
}

TEST_CASE("a byte that is lost, doubled or altered, a code and a container forgotten are seen",
          "[stage6][faults][lean][slow][serial]") {
    for (const std::string harm : {"lose", "duplicate", "alter", "forget", "code"}) {
        const Result result = run_faults({"soak", "--seconds", "20", "--tamper", harm});
        INFO(harm << ": " << result);
        CHECK(result.exit_code == 1);
        CHECK(result.err.find("VIOLATION") != std::string::npos);
    }
}

TEST_CASE("a record is on the disk before it has its name, and its name before anybody is told",
          "[stage6][faults][lean][slow][serial]") {
    need_strace();
    const Result result = run_faults({"order"});
    INFO(result);
    CHECK(result.exit_code == 0);
}

TEST_CASE("a writer that saves badly is found out at fail points, at calls and at random",
          "[stage6][faults][lean][slow][serial]") {
    need_strace();
    const Result result = run_faults({"checks"});
    INFO(result);
    CHECK(result.exit_code == 0);
}

TEST_CASE("a program that people run has no fail points", "[stage6][faults][lean]") {
    for (const std::string name : {"slipwayd", "slipway-shim"}) {
        const Result without = run({built(name), "--fail-points"});
        CHECK(without.exit_code == 2);
        const Result with = run({built("faults/" + name), "--fail-points"});
        CHECK(with.out.find("fail rename a record\n") != std::string::npos);
        if (run({"strings", "--version"}).exit_code != 0) skip("no strings(1) here");
        // Of what is loaded into memory; the debug information names every function.
        const Result texts = run({"strings", "--data", built(name)});
        CHECK(texts.exit_code == 0);
        CHECK(texts.out.find("rename a record") == std::string::npos);
        CHECK(texts.out.find("SLIPWAY_FAIL_POINT") == std::string::npos);
    }
}

TEST_CASE("daemon and shim, killed or failing at each of their fail points, lose nothing",
          "[stage6][faults][lean][slow][serial]") {
    const Result result = run_faults({"points", "--quick"});
    INFO(result);
    CHECK(result.exit_code == 0);
}

TEST_CASE("a daemon killed at any call that changes something leaves nothing half done",
          "[stage6][faults][lean][slow][serial]") {
    need_strace();
    for (const std::string whom : {"daemon", "next-daemon"}) {
        const Result result = run_faults({"sweep", "--of", whom, "--every", "16"});
        INFO(result);
        CHECK(result.exit_code == 0);
    }
}

TEST_CASE("a shim killed at any call that changes something takes nothing along that was told",
          "[stage6][faults][lean][slow][serial]") {
    need_strace();
    for (const std::string whom : {"shim", "next-shim"}) {
        const Result result = run_faults({"sweep", "--of", whom, "--every", "12"});
        INFO(result);
        CHECK(result.exit_code == 0);
    }
}

TEST_CASE("one call of daemon or shim that fails is an answer, and passes",
          "[stage6][faults][lean][slow][serial]") {
    need_strace();
    const std::vector<std::string> sweeps[] = {
        {"sweep", "--of", "daemon", "--fault", "error=EIO", "--every", "32"},
        {"sweep", "--of", "next-shim", "--fault", "error=ENOSPC", "--every", "16"}};
    for (const auto& words : sweeps) {
        const Result result = run_faults(words);
        INFO(result);
        CHECK(result.exit_code == 0);
    }
}

TEST_CASE("no memory for what is waited for, or for what is heard, makes nobody wait for ever",
          "[stage6][faults][lean][slow][serial]") {
    need_strace();
    const std::vector<std::string> calls[] = {{"error=ENOMEM", "epoll_ctl", "4"},
                                              {"error=ENOMEM", "recvfrom", "1"},
                                              {"error=ENFILE", "pidfd_open", "1"}};
    for (const auto& words : calls) {
        const Result result = run_faults({"sweep", "--of", "daemon", "--fault", words[0], "--call",
                                          words[1], "--every", words[2]});
        INFO(result);
        CHECK(result.exit_code == 0);
    }
}

TEST_CASE("daemon and shims killed at any moment leave what was said true",
          "[stage6][faults][lean][slow][serial]") {
    const Result result = run_faults({"rounds", "--rounds", "12", "--seed", "1"});
    INFO(result);
    CHECK(result.exit_code == 0);
}
