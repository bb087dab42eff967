#include "tests/faults/sweep.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/script.hpp"
#include "tests/faults/tracing.hpp"

class Sweep {
public:
    explicit Sweep(const SweepOrder& order);
    ~Sweep();
    Sweep(const Sweep&) = delete;
    Sweep& operator=(const Sweep&) = delete;

    int run();
    int run_order();

private:
    bool is_of_daemon() const;
    const char* name() const;
    void try_once(const Words& strace, Fault fault);
    std::vector<FaultPoint> dry_run();
    void report(const std::string& violation);

    SweepOrder order_;
    Leftovers before_;
    Engine engine_;
    std::string trace_, count_;
    std::string point_;
    unsigned violations_ = 0;
};

Sweep::Sweep(const SweepOrder& order)
    : order_{order}, trace_{engine_.place() + "/trace"}, count_{engine_.place() + "/count"} {
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
    ::setenv("SLIPWAY_FAULTS_SHIM", built_beside("slipway-shim").c_str(), 1);
}

Sweep::~Sweep() {
    ::unlink(trace_.c_str());
    ::unlink(count_.c_str());
}

bool Sweep::is_of_daemon() const {
    return order_.traced == Traced::first_daemon || order_.traced == Traced::second_daemon;
}

const char* Sweep::name() const {
    switch (order_.traced) {
        case Traced::first_daemon: return "daemon";
        case Traced::second_daemon: return "daemon that takes over";
        case Traced::first_shim: return "shim of one";
        case Traced::second_shim: return "shim of two";
    }
    std::abort();
}

void Sweep::report(const std::string& violation) {
    ++violations_;
    write_all(STDERR_FILENO, "VIOLATION: " + point_ + ": " + violation + "\n", "stderr");
}

void Sweep::try_once(const Words& strace, Fault fault) {
    const bool of_daemon = is_of_daemon();
    bool first_is_due = order_.traced == Traced::first_daemon;
    bool second_is_due = order_.traced == Traced::second_daemon;
    if (!of_daemon) trace_shim(strace, order_.traced == Traced::first_shim ? 1 : 2, count_);
    const Words options = of_daemon ? Words{} : Words{"--shim", own_path()};
    const auto start = [&](bool& is_due) {
        const bool is_traced = std::exchange(is_due, false);
        return engine_.start(is_traced ? strace : Words{}, options);
    };
    const auto restart = [&] {
        engine_.terminate();
        if (!start(second_is_due)) throw Failure{"the daemon ended at its start"};
    };
    run_trial({engine_, before_, [&](const std::string& violation) { report(violation); },
               [&] { start(first_is_due); }, restart, [&] { trace_shim({}, 0, count_); }},
              fault);
}

std::vector<FaultPoint> Sweep::dry_run() {
    point_ = "without a fault";
    try_once(traced(trace_, order_.fault), {is_of_daemon() ? Victim::daemon : Victim::shim});
    auto points = points_in(trace_, order_.fault);
    std::erase_if(points, [&](const FaultPoint& point) {
        return !order_.call.empty() && point.call != order_.call;
    });
    return points;
}

int Sweep::run() {
    const auto points = dry_run();
    const Fault fault{is_of_daemon() ? Victim::daemon : Victim::shim,
                      order_.fault == "signal=KILL" ? Harm::kill : Harm::error};
    unsigned tried = 0;
    for (std::size_t i = 0; i < points.size(); i += order_.every, ++tried) {
        const FaultPoint& point = points[i];
        point_ = order_.fault + " at " + point.call + " " + std::to_string(point.when) + " (" +
                 point.line + ")";
        try_once(traced(trace_, order_.fault, point), fault);
    }
    print(order_.fault + " at " + std::to_string(tried) + " of " + std::to_string(points.size()) +
          " calls of the " + name() + "; violations: " + std::to_string(violations_) + "\n");
    return violations_ == 0 ? 0 : 1;
}

int Sweep::run_order() {
    dry_run();
    unsigned renames = 0;
    for (const auto& fault : order_faults(trace_, renames)) report(fault);
    if (renames < 2) report("only " + std::to_string(renames) + " renames seen");
    print(std::to_string(renames) + " records of the " + name() + " in order\n");
    return violations_ == 0 ? 0 : 1;
}

int sweep(const SweepOrder& order) {
    return Sweep{order}.run();
}

int check_order() {
    int faults = 0;
    for (const auto traced : {Traced::first_daemon, Traced::second_daemon, Traced::first_shim}) {
        faults += Sweep{{.traced = traced}}.run_order();
    }
    return faults == 0 ? 0 : 1;
}
