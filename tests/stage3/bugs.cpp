// The checks of the bugs that are planted in stage 3 (make bug N=3.1 PROGRAM=...).
#include <signal.h>

#include "tests/stage3/container.hpp"

TEST_CASE("bug 3.1: of many orphans that end together none stays a zombie", "[.][bug-3.1]") {
    hint("ps inside shows Z: whose child is it, and what has that parent not called?");
    const StageContainer container{3};
    const Result result = run(container.probing({"reaped", "200"}, {"--init"}));
    INFO(result);
    CHECK(result.out == "200\n");
}

TEST_CASE("bug 3.2: a program that handles a signal gets it", "[.][bug-3.2]") {
    hint("SigCgt in /proc/PID/status is a mask: which bit is SIGTERM's?");
    const StageContainer container{3};
    for (const int signal : {SIGTERM, SIGUSR1, SIGHUP}) {
        Process runner{container.probing({"catch", std::to_string(signal)})};
        runner.wait_for_output("ready");
        runner.signal(signal);
        CHECK(runner.wait() == 0);
        CHECK(runner.out() == "ready\ncaught " + std::to_string(signal) + "\n");
    }
}

TEST_CASE("bug 3.3: with --init a signal ends the container too", "[.][bug-3.3]") {
    hint("where does the runner stand (/proc/PID/syscall), and who else holds that pipe?");
    const StageContainer container{3};
    Process runner{container.probing({"sleep"}, {"--init"})};
    runner.wait_for_output("ready");
    runner.signal(SIGTERM);
    CHECK(runner.wait() == 143);
}
