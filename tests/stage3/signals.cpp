// Signals, orphans, init, and what is left when any part is killed.
#include <signal.h>

#include <utility>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

TEST_CASE("a signal ends a command that has no handler for it, as outside", "[stage3]") {
    for (const int stage : container_stages()) {
        const Container container{stage};
        for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1}) {
            Process runner{container.probing({"sleep"})};
            runner.wait_for_output("ready");
            runner.signal(signal);
            CHECK(runner.wait() == 128 + signal);
            CHECK(runner.err().empty());
        }
    }
}

TEST_CASE("a signal for which the command has a handler is the command's", "[stage3]") {
    for (const int stage : container_stages()) {
        const Container container{stage};
        for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR2}) {
            for (const Words& options : {Words{}, Words{"--init"}}) {
                Process runner{container.probing({"catch", std::to_string(signal)}, options)};
                runner.wait_for_output("ready");
                runner.signal(signal);
                CHECK(runner.wait() == 0);
                CHECK(runner.out() == "ready\ncaught " + std::to_string(signal) + "\n");
            }
        }
    }
}

TEST_CASE("a command that takes its handler off goes on with what it does", "[stage3]") {
    // Longer than the runner waits before it looks again whether a signal has done its work.
    const std::string script =
        "trap 'trap - TERM; echo cleaning; sleep 0.3; echo clean; exit 7' TERM; "
        "echo ready; while :; do sleep 0.01; done";
    Process runner{Container{3}.command({"sh", "-c", script})};
    runner.wait_for_output("ready");
    runner.signal(SIGTERM);
    CHECK(runner.wait() == 7);
    CHECK(runner.out() == "ready\ncleaning\nclean\n");
}

TEST_CASE("a signal on its way while a shell becomes the command is not lost", "[stage3]") {
    // The shell's handler has it, and the program that has none and comes next never hears of it.
    const Container container{3};
    for (int i = 0; i < 30; ++i) {
        const std::string handler = i % 2 == 0 ? "" : "trap 'echo caught' TERM; ";
        const std::string script = handler + "echo ready; exec sleep 1000";
        Process runner{container.command({"sh", "-c", script})};
        runner.wait_for_output("ready");
        runner.signal(SIGTERM);
        INFO(runner);
        REQUIRE(runner.wait() == 128 + SIGTERM);
    }
}

TEST_CASE("a signal that is blocked for a moment ends the command after that", "[stage3]") {
    for (const int stage : container_stages()) {
        const Container container{stage};
        for (const std::string milliseconds : {"0", "250"}) {
            Process runner{container.probing({"block-term", milliseconds})};
            runner.wait_for_output("ready");
            runner.signal(SIGTERM);
            CHECK(runner.wait() == 128 + SIGTERM);
        }
    }
}

TEST_CASE("a command that ignores a signal goes on", "[stage3]") {
    for (const int stage : container_stages()) {
        Process runner{Container{stage}.probing({"ignore-term"})};
        runner.wait_for_output("ready");
        const pid_t first = first_process_of(runner.pid());
        runner.signal(SIGTERM);
        runner.signal(SIGUSR1);  // for this one it has no handler, and it comes second
        CHECK(runner.wait() == 128 + SIGUSR1);
        CHECK_FALSE(is_alive(first));
    }
}

TEST_CASE("when the runner is killed its container is gone", "[stage3]") {
    for (const int stage : container_stages()) {
        const Container container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            Process runner{container.probing({"ignore-term"}, options)};
            runner.wait_for_output("ready");
            const pid_t first = first_process_of(runner.pid());
            runner.signal(SIGKILL);
            CHECK(runner.wait() == 137);
            wait_until([&] { return !is_alive(first); }, "the container is gone");
        }
    }
}

static constexpr unsigned kFaultsOfStartMax = 150;

TEST_CASE("a signal at any moment of the start ends it all", "[stage3]") {
    // Either it comes before there is a container, or the container gets it: never lost.
    for (const int stage : container_stages()) {
        const Container container{stage};
        for (int i = 0; i < 25; ++i) {
            Process runner{container.probing({"sleep"})};
            wait_for_page_faults(runner, random_number(kFaultsOfStartMax), "ready");
            runner.signal(i % 2 == 0 ? SIGTERM : SIGINT);
            const int code = runner.wait();
            INFO(runner);
            REQUIRE(code == 128 + (i % 2 == 0 ? SIGTERM : SIGINT));
        }
    }
}

TEST_CASE("with --init the command is a child of process 1", "[stage3]") {
    for (const int stage : container_stages()) {
        const Container container{stage};
        CHECK(run(container.probing({"pid"}, {"--init"})).out == "2\n");
        CHECK(run(container.probing({"ppid"}, {"--init"})).out == "1\n");
    }
}

TEST_CASE("with --init exit codes and errors come through", "[stage3]") {
    for (const int stage : container_stages()) {
        const Container container{stage};
        for (const unsigned code : {0u, 7u, 125u, 126u, 127u, 137u, random_number(255)}) {
            CHECK(run(container.probing({"exit", std::to_string(code)}, {"--init"})).exit_code ==
                  static_cast<int>(code));
        }
        const Result missing = run(container.command({"/no/such/program"}, {"--init"}));
        INFO(missing);
        CHECK(missing.exit_code == 127);
        CHECK(fault_of_message(missing.err, container.name(), {"/no/such/program"}) == "");
    }
}

TEST_CASE("with --init a command killed by a signal ends with 128 and its number", "[stage3]") {
    const Container container{3};
    for (const int signal : {SIGKILL, SIGTERM, SIGSEGV, SIGABRT}) {
        const std::string script = "ulimit -c 0; kill -" + std::to_string(signal) + " $$";
        CHECK(run(container.command({"sh", "-c", script}, {"--init"})).exit_code == 128 + signal);
    }
    for (const int stage : container_stages()) {
        Process runner{Container{stage}.probing({"sleep"}, {"--init"})};
        runner.wait_for_output("ready");
        runner.signal(SIGTERM);
        CHECK(runner.wait() == 143);
    }
}

TEST_CASE("with --init an orphan that ends is reaped", "[stage3]") {
    // A process that nobody reaps stays in /proc as a zombie.
    const std::string script = "orphan=$('" + probe() +
                               "' orphan); kill -9 $orphan; "
                               "while [ -d /proc/$orphan ]; do :; done; echo gone";
    const Result result = run(Container{3}.command({"bash", "-c", script}, {"--init"}));
    INFO(result);
    CHECK(result.out == "gone\n");
}

TEST_CASE("when the command ends everything that it has left ends", "[stage3]") {
    // What survives is adopted by the runner of this case, which then fails it.
    for (const int stage : container_stages()) {
        const Container container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            const Result result = run(container.probing({"orphan"}, options));
            INFO(result);
            CHECK(result.exit_code == 0);
            CHECK_FALSE(result.timed_out);
        }
    }
}
