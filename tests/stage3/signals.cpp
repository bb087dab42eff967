// Signals, orphans, init, and what is left when any part is killed.
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <utility>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

TEST_CASE("a signal ends a command that has no handler for it, as outside", "[stage3][contract]") {
    hint("the kernel drops it for process 1: kill that with SIGKILL, and return 128 + the signal");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGALRM}) {
            Process runner{container.probing({"sleep"})};
            runner.wait_for_output("ready");
            runner.signal(signal);
            CHECK(runner.wait() == 128 + signal);
            CHECK(runner.err().empty());
        }
    }
}

TEST_CASE("a signal for which the command has a handler is the command's", "[stage3][contract]") {
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            hint(options.empty() ? "SigCgt in /proc/PID/status tells who has a handler"
                                 : "does init hold the report's pipe, so that nobody listens yet "
                                   "(close_range)? Does it wait by sigwaitinfo, and seem to die "
                                   "of what it does not block meanwhile (signalfd)?");
            for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGALRM}) {
                Process runner{container.probing({"catch", std::to_string(signal)}, options)};
                runner.wait_for_output("ready");
                runner.signal(signal);
                CHECK(runner.wait() == 0);
                CHECK(runner.out() == "ready\ncaught " + std::to_string(signal) + "\n");
            }
        }
    }
}

TEST_CASE("an alarm of the runner's is the command's", "[stage3]") {
    // It comes from the kernel as Ctrl-C does, and only to the runner. Too early it ends that.
    for (const std::string milliseconds : {"300", "1000", "5000", "20000"}) {
        Words command{probe(), "alarm", milliseconds};
        for (const auto& word : StageContainer{3}.probing({"catch", "14"})) command.push_back(word);
        const Result result = run(command, {.deadline = std::chrono::seconds{40}});
        INFO(result);
        if (result.out.empty() && milliseconds != "20000") continue;
        CHECK(result.out == "ready\ncaught 14\n");
        return;
    }
}

// How /proc/PID/syscall begins (proc(5)) of who stands in sigwait(3), and of an init, which reads.
static const std::string kSigwaitCall = std::to_string(SYS_rt_sigtimedwait) + " ";
static const std::string kReadCall = std::to_string(SYS_read) + " ";

TEST_CASE("a command that waits for a signal without a handler gets it", "[stage3]") {
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            Process runner{container.probing({"sigwait", "15"}, options)};
            runner.wait_for_output("ready");
            // Another call before that one would not do: the page of the code may come from a disk.
            const std::string first = std::to_string(first_process_of(runner.pid()));
            const std::string wanted = options.empty() ? kSigwaitCall : kReadCall;
            wait_until([&] { return read_file("/proc/" + first + "/syscall").starts_with(wanted); },
                       "it waits");
            runner.signal(SIGTERM);
            CHECK(runner.wait() == 0);
            CHECK(runner.out() == "ready\ncaught 15\n");
        }
    }
    // For another one than it waits for it has no handler.
    Process runner{StageContainer{3}.probing({"sigwait", "10"})};
    runner.wait_for_output("ready");
    runner.signal(SIGTERM);
    CHECK(runner.wait() == 143);
}

TEST_CASE("a command that takes its handler off goes on with what it does", "[stage3]") {
    // Longer than the runner waits before it looks again whether a signal has done its work.
    const std::string script =
        "trap 'trap - TERM; echo cleaning; sleep 0.3; echo clean; exit 7' TERM; "
        "echo ready; while :; do sleep 0.01; done";
    Process runner{StageContainer{3}.command({"sh", "-c", script})};
    runner.wait_for_output("ready");
    runner.signal(SIGTERM);
    CHECK(runner.wait() == 7);
    CHECK(runner.out() == "ready\ncleaning\nclean\n");
}

TEST_CASE("a signal on its way while a shell becomes the command is not lost", "[stage3]") {
    // The shell's handler has it, and the program that has none and comes next never hears of it.
    const StageContainer container{3};
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

TEST_CASE("a signal that is blocked for a moment ends the command after that",
          "[stage3][contract]") {
    hint(
        "the kernel drops it when it is unblocked: look again a little later, as long as it is "
        "pending (ShdPnd) and blocked (SigBlk)");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
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
        Process runner{StageContainer{stage}.probing({"ignore-term"})};
        runner.wait_for_output("ready");
        const pid_t first = first_process_of(runner.pid());
        runner.signal(SIGTERM);
        runner.signal(SIGUSR1);  // for this one it has no handler, and it comes second
        CHECK(runner.wait() == 128 + SIGUSR1);
        CHECK_FALSE(is_alive(first));
    }
}

TEST_CASE("when the runner is killed its container is gone", "[stage3][contract]") {
    hint("prctl(PR_SET_PDEATHSIG, SIGKILL) in the child, in process 1");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
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

// Either it comes before there is a container, or the container gets it: never lost.
static void signal_the_start(const StageContainer& container, int times) {
    for (int i = 0; i < times; ++i) {
        Process runner{container.probing({"sleep"})};
        wait_for_page_faults(runner, random_number(kFaultsOfStartMax), "ready");
        const int signal = i % 2 == 0 ? SIGTERM : SIGINT;
        runner.signal(signal);
        const int code = runner.wait();
        INFO(runner);
        REQUIRE(code == 128 + signal);
    }
}

TEST_CASE("a signal at any moment of the start ends it all", "[stage3]") {
    for (const int stage : container_stages()) signal_the_start(StageContainer{stage}, 25);
}

TEST_CASE("a thousand signals at random moments of the start: none is lost", "[stage3][slow]") {
    signal_the_start(StageContainer{3}, 1000);
}

TEST_CASE("with --init the command is a child of process 1", "[stage3][contract]") {
    hint(
        "fork once more inside; does process 1 close its copy of the report's pipe? Else the "
        "runner hears of no success");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        CHECK(run(container.probing({"pid"}, {"--init"})).out == "2\n");
        CHECK(run(container.probing({"ppid"}, {"--init"})).out == "1\n");
    }
}

TEST_CASE("with --init exit codes and errors come through", "[stage3][contract]") {
    hint("init leaves with the command's exit code, or 128 + the signal");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const unsigned code : {0u, 7u, 125u, 126u, 127u, 137u, random_number(255)}) {
            CHECK(run(container.probing({"exit", std::to_string(code)}, {"--init"})).exit_code ==
                  static_cast<int>(code));
        }
        const Result missing = run(container.command({"/no/such/program"}, {"--init"}));
        INFO(missing);
        CHECK(missing.exit_code == 127);
        CHECK(fault_of_line(missing.err, {"/no/such/program"}) == "");
    }
}

// Every signal that ends a process which does not handle it (signal(7)).
static const std::vector<int> kDeadlySignals = {
    SIGHUP,  SIGINT,  SIGQUIT, SIGILL,  SIGTRAP,   SIGABRT, SIGBUS,
    SIGFPE,  SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2,   SIGPIPE, SIGALRM,
    SIGTERM, SIGXCPU, SIGXFSZ, SIGPROF, SIGVTALRM, SIGIO,   SIGSYS,
};

TEST_CASE("with --init a command killed by a signal ends with 128 and its number",
          "[stage3][contract]") {
    hint(
        "one decoder for wait statuses: 128 + WTERMSIG where WIFSIGNALED; or is the signal "
        "ignored inside, as SIGPIPE in a program of Python's?");
    const rlimit no_core{0, 0};
    check(::setrlimit(RLIMIT_CORE, &no_core), "setrlimit", "RLIMIT_CORE");
    const StageContainer container{3};
    for (const int signal : kDeadlySignals) {
        // The command is process 2, and kills itself.
        const Result result =
            run(container.probing({"kill", "2", std::to_string(signal)}, {"--init"}));
        INFO(result);
        CHECK(result.exit_code == 128 + signal);
    }
    for (const int stage : container_stages()) {
        Process runner{StageContainer{stage}.probing({"sleep"}, {"--init"})};
        runner.wait_for_output("ready");
        runner.signal(SIGTERM);
        CHECK(runner.wait() == 143);
    }
}

TEST_CASE("with --init orphans that end are reaped", "[stage3][contract]") {
    hint("one SIGCHLD may stand for many deaths: waitpid(-1, ..., WNOHANG) until it returns 0");
    for (const int stage : container_stages()) {
        const Result result = run(StageContainer{stage}.probing({"reaped", "100"}, {"--init"}));
        INFO(result);
        CHECK(result.out == "100\n");
    }
}

TEST_CASE("without --init nobody reaps an orphan for a command that does not", "[stage3]") {
    const Result result = run(StageContainer{3}.probing({"reaped", "3"}));
    INFO(result);
    CHECK(result.out == "0\n");
}

TEST_CASE("a command starts as many processes as it likes", "[stage3][contract]") {
    hint("'Cannot allocate memory' says that process 1 of the PID namespace has ended");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        CHECK(run(container.probing({"forks", "20"})).out == "20 ok\n");
        CHECK(run(container.probing({"forks", "20"}, container.only("pid"))).out == "20 ok\n");
    }
}

TEST_CASE("when the command ends everything that it has left ends", "[stage3][contract]") {
    hint("when process 1 ends the kernel kills the others: init must end with the command");
    // What survives is adopted by the runner of this case, which then fails it.
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            const Result result = run(container.probing({"orphan"}, options));
            INFO(result);
            CHECK(result.exit_code == 0);
            CHECK_FALSE(result.out.empty());
            CHECK_FALSE(result.timed_out);
        }
    }
}

TEST_CASE("without a PID namespace too nothing is left of a command", "[stage3][contract]") {
    hint(
        "PR_SET_CHILD_SUBREAPER, and when the command has ended kill and reap your children until "
        "there are none");
    const StageContainer container{3};
    for (const Words& options :
         {Words{"--share", "pid"}, container.only("uts"), Words{"--share", "pid", "--init"}}) {
        const Result result = run(container.probing({"orphan"}, options));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK_FALSE(is_alive(static_cast<pid_t>(std::stol(result.out))));
    }
}

TEST_CASE("without a PID namespace what the caller had started before lives on",
          "[stage3][contract]") {
    hint("a shell that becomes the runner by exec leaves it children: remember them at the start");
    const StageContainer container{3};
    Words command{"bash", "-c", "'" + probe() + "' sleep & echo $! >&2; exec \"$@\"", "bash"};
    for (const auto& word : container.probing({"read"}, {"--share", "pid"})) {
        command.push_back(word);
    }
    Process runner{command};
    runner.wait_for_output("ready");
    const std::string word = random_name();
    runner.send(word + "\n");
    runner.wait_for_output(word);
    runner.close_stdin();
    CHECK(runner.wait() == 0);
    const auto earlier = static_cast<pid_t>(std::stol(runner.err()));
    CHECK(is_alive(earlier));
    ::kill(earlier, SIGKILL);
}

TEST_CASE("without a PID namespace --init reaps what the command leaves", "[stage3]") {
    const Result result =
        run(StageContainer{3}.probing({"reaped", "3"}, {"--share", "pid", "--init"}));
    INFO(result);
    CHECK(result.out == "3\n");
}

TEST_CASE("a signal that comes after the end of the command does not change its exit code",
          "[stage3]") {
    for (const int stage : container_stages()) {
        for (const Words& options : {Words{}, Words{"--init"}}) {
            Process runner{StageContainer{stage}.probing({"read"}, options)};
            const pid_t first = first_process_of(runner.pid());
            runner.send("x");
            runner.wait_for_output("x");
            runner.signal(SIGSTOP);
            runner.close_stdin();
            wait_until([&] { return !is_alive(first); }, "the command ends");
            runner.signal(SIGINT);
            runner.signal(SIGHUP);
            runner.signal(SIGCONT);
            CHECK(runner.wait() == 0);
        }
    }
}
