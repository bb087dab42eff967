#include "tests/faults/rounds.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <random>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/pause.hpp"
#include "tests/faults/script.hpp"
#include "tests/support/leak_check.hpp"

using std::chrono::microseconds;
using std::chrono::steady_clock;

enum class Target { daemon, shim, both };

class Rounds {
public:
    explicit Rounds(const RoundsOrder& order) : order_{order}, random_{order.seed} {
        check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
    }

    int run();

private:
    void try_once(Fault fault, Target target, microseconds moment);
    void report(const std::string& violation);

    RoundsOrder order_;
    std::mt19937_64 random_;
    Leftovers before_;
    Engine engine_;
    std::string where_ = "without a fault";
    unsigned violations_ = 0;
};

void Rounds::report(const std::string& violation) {
    ++violations_;
    write_all(STDERR_FILENO, "VIOLATION: " + where_ + ": " + violation + "\n", "stderr");
}

static bool is_chosen(const std::string& command_line, Target target) {
    const bool is_shim = command_line.find("/slipway-shim ") != std::string::npos;
    const bool is_daemon = command_line.starts_with(built_beside("slipwayd") + " ");
    return (is_shim && target != Target::daemon) || (is_daemon && target != Target::shim);
}

// The hand that kills is a process of its own: the script waits for answers meanwhile.
static Child start_killer(Target target, microseconds moment) {
    const pid_t parent = ::getpid();
    const pid_t child = check(::fork(), "fork");
    if (child != 0) return Child{child};
    pause_for(moment);
    for (const auto& process : living_descendants_of(parent)) {
        if (is_chosen(process.command_line, target)) ::kill(process.pid, SIGKILL);
    }
    ::_exit(0);
}

void Rounds::try_once(Fault fault, Target target, microseconds moment) {
    Child killer;
    const auto start = [&] {
        engine_.begin();
        if (fault.harm == Harm::kill) killer = start_killer(target, moment);
        engine_.wait_until_ready(kStartMax);
    };
    const auto restart = [&] {
        engine_.terminate();
        if (!engine_.start()) throw Failure{"the daemon ended at its start"};
    };
    const auto disarm = [&] {
        if (killer.pid() != 0) killer.wait();
        if (target != Target::shim) engine_.kill();  // it may be about to end: wait for it
    };
    const auto report_one = [&](const std::string& violation) { report(violation); };
    run_trial({engine_, before_, report_one, start, restart, disarm, true}, fault);
}

int Rounds::run() {
    try_once({}, Target::daemon, {});
    const auto began = steady_clock::now();
    try_once({}, Target::daemon, {});
    // With its end, and some more, so that the last moments are among those that are tried.
    const auto whole = std::chrono::duration_cast<microseconds>(steady_clock::now() - began);
    unsigned counts[3] = {};
    for (unsigned round = 1; round <= order_.rounds; ++round) {
        const auto target = static_cast<Target>(random_() % 3);
        const microseconds moment{
            static_cast<long>(random_() % static_cast<std::uint64_t>(whole.count()))};
        where_ =
            "round " + std::to_string(round) + ", after " + std::to_string(moment.count()) + " us";
        ++counts[static_cast<int>(target)];
        try_once({target == Target::daemon ? Victim::daemon : Victim::shim, Harm::kill}, target,
                 moment);
    }
    remove_directory(engine_.root());
    print("seed " + std::to_string(order_.seed) + ": " + std::to_string(order_.rounds) +
          " rounds within " + std::to_string(whole.count() / 1000) + " ms: the daemon was killed " +
          std::to_string(counts[0]) + " times, a shim " + std::to_string(counts[1]) +
          " times, both " + std::to_string(counts[2]) +
          " times; violations: " + std::to_string(violations_) + "\n");
    return violations_ == 0 ? 0 : 1;
}

int kill_at_random(const RoundsOrder& order) {
    return Rounds{order}.run();
}
