// The tools that every test uses to start, feed and watch a program.
#include <memory>
#include <stdexcept>

#include "common/error.hpp"
#include "tests/support/busy.hpp"
#include "tests/support/testing.hpp"

static std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "(nothing thrown)";
}

TEST_CASE("run gives exit code and both streams", "[runner]") {
    const Result result = run({probe(), "streams", "one", "two"});
    CHECK(result.out == "one\n");
    CHECK(result.err == "two\n");
    CHECK(result.exit_code == 0);
    CHECK(run({probe(), "exit", "7"}).exit_code == 7);
}

TEST_CASE("run tells a program that is not there and one that cannot run", "[runner]") {
    CHECK(run({"/no/such/program"}).exit_code == 127);
    CHECK(run({"no-such-program"}, {.environment = {"PATH=/bin"}}).exit_code == 127);
    CHECK(run({"/etc/passwd"}).exit_code == 126);
}

TEST_CASE("run feeds and collects ten megabytes", "[runner]") {
    const std::string input(10u << 20, 'z');
    const Result result = run({probe(), "read"}, {.input = input});
    CHECK(result.out == input);
    CHECK(run({probe(), "spew", "10000000"}).out.size() == 10000000);
}

TEST_CASE("a program need not read what it is fed", "[runner]") {
    CHECK(run({probe(), "exit", "3"}, {.input = std::string(1u << 20, 'z')}).exit_code == 3);
}

TEST_CASE("run kills at the deadline what ignores SIGTERM", "[runner]") {
    // With time enough to say that it is ready.
    const Result result = run({probe(), "ignore-term"}, {.deadline = std::chrono::seconds{5}});
    CHECK(result.timed_out);
    CHECK(result.exit_code == 137);
    CHECK(result.out == "ready\n");
}

TEST_CASE("a program starts with its variables and directory and three descriptors", "[runner]") {
    const Result environment = run({probe(), "env"}, {.environment = {"PATH=/x", "NEW=1"}});
    CHECK(environment.out.find("PATH=/x\n") != std::string::npos);
    CHECK(environment.out.find("NEW=1\n") != std::string::npos);
    CHECK(environment.out.find("\nPATH=") == environment.out.rfind("\nPATH="));
    CHECK(run({probe(), "cwd"}, {.directory = "/"}).out == "/\n");
    CHECK(run({probe(), "fds"}).out == "0\n1\n2\n");
    CHECK(run({probe(), "fds"}, {.inherit_stdin_closed = true}).out == "1\n2\n");
    CHECK(run({probe(), "signal-mask"}).out == "blocked:\nignored:\n");
}

TEST_CASE("a program in the background is spoken with line by line", "[runner]") {
    Process process{{probe(), "read"}};
    process.send("first\nsecond\n");
    CHECK(process.read_line() == "first");
    CHECK(process.read_line() == "second");
    process.send("end");
    process.wait_for_output("end");
    process.close_stdin();
    CHECK(process.read_line() == "end");
    CHECK(process.wait() == 0);
    CHECK(process.wait() == 0);
    CHECK(process.out() == "first\nsecond\nend");
    CHECK(message_of([&] { process.read_line(); }).find("stdout ended") != std::string::npos);
    CHECK(message_of([&] { process.signal(SIGTERM); }).find("has ended") != std::string::npos);
}

TEST_CASE("a signal reaches the program, and its end is told", "[runner]") {
    Process process{{probe(), "catch", "10"}};
    CHECK(process.read_line() == "ready");
    process.signal(SIGUSR1);
    CHECK(process.read_line() == "caught 10");
    CHECK(process.wait() == 0);
    Process killed{{probe(), "sleep"}};
    CHECK(killed.read_line() == "ready");
    killed.signal(SIGKILL);
    CHECK(killed.wait() == 137);
}

TEST_CASE("waiting for what does not come says what, and shows both streams", "[runner]") {
    Process silent{{probe(), "sleep"}, {.deadline = std::chrono::milliseconds{100}}};
    wait_until([&] { return silent.out() == "ready\n"; }, "it says ready");
    const std::string text = message_of([&] { silent.wait_for_error("alarm"); });
    CHECK(text.find("no alarm on stderr after 100 ms") != std::string::npos);
    CHECK(text.find("probe sleep") != std::string::npos);
    CHECK(text.find("| ready") != std::string::npos);
    CHECK(message_of([&] { silent.wait(); }).find("no end of the program") != std::string::npos);
    Process ended{{probe(), "streams", "a", "b"}};
    CHECK(message_of([&] { ended.wait_for_output("c"); }).find("ended without c on stdout") !=
          std::string::npos);
}

TEST_CASE("a process that never waits is busy however many others are, one that waits is idle",
          "[runner]") {
    std::vector<std::unique_ptr<Process>> spinners;
    for (int i = 0; i < 20; ++i) {
        spinners.push_back(std::make_unique<Process>(
            std::vector<std::string>{"sh", "-c", "echo ready; while :; do :; done"}));
    }
    for (const auto& one : spinners) CHECK(one->read_line() == "ready");
    CHECK_FALSE(is_idle(spinners.back()->pid()));
    Process waiting{{probe(), "sleep"}};
    CHECK(waiting.read_line() == "ready");
    CHECK(is_idle(waiting.pid()));
    // However long it waits for a processor each time, it sleeps again.
    Process seldom{{"sh", "-c", "echo ready; while :; do sleep 0.1; done"}};
    CHECK(seldom.read_line() == "ready");
    CHECK(is_idle(seldom.pid()));
}
