#include "tests/faults/points.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/script.hpp"
#include "tests/faults/worker_files.hpp"
#include "tests/support/leak_check.hpp"

static const std::string kPrograms = "faults/";
static constexpr const char* kPointed[] = {"slipway-shim", "slipwayd"};

class PointSweep {
public:
    explicit PointSweep(const PointOrder& order);
    PointSweep(const PointSweep&) = delete;
    PointSweep& operator=(const PointSweep&) = delete;
    ~PointSweep();

    int run();

private:
    void list_points();
    void dry_run();
    void try_place(const std::string& place);
    void try_once(Fault fault, const std::string& action);
    void report(const std::string& violation);

    PointOrder order_;
    Leftovers before_;
    Engine engine_{kPrograms};
    std::string log_{engine_.place() + "/points"};
    std::map<std::string, bool> points_;  // "slipwayd:fsync a record"; whether it may fail
    std::set<std::string> places_;        // "slipwayd:fsync a record:3", where the script comes to
    std::string where_;
    std::size_t next_error_ = 0;
    unsigned tried_ = 0, violations_ = 0;
};

PointSweep::PointSweep(const PointOrder& order) : order_{order} {
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
    ::setenv("SLIPWAY_FAIL_POINT_LOG", log_.c_str(), 1);
}

PointSweep::~PointSweep() {
    ::unlink(log_.c_str());
}

void PointSweep::report(const std::string& violation) {
    ++violations_;
    write_all(STDERR_FILENO, "VIOLATION: " + where_ + ": " + violation + "\n", "stderr");
}

static std::set<std::string> lines_of(const std::string& text) {
    std::set<std::string> lines;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);) lines.insert(line);
    return lines;
}

static std::set<std::string> points_of(const std::string& program, const std::string& directory) {
    const ScratchFile list{directory, 0};
    start_program({built_beside(kPrograms + program), "--fail-points"}, -1, list.fd()).wait();
    return lines_of(list.text());
}

void PointSweep::list_points() {
    for (const std::string program : kPointed) {
        for (const std::string& line : points_of(program, engine_.place())) {
            points_[program + ":" + line.substr(5)] = line.starts_with("fail ");
        }
    }
}

void PointSweep::try_once(Fault fault, const std::string& action) {
    ::unlink(log_.c_str());
    if (!action.empty()) ::setenv("SLIPWAY_FAIL_POINT", (where_ + ":" + action).c_str(), 1);
    const auto report_one = [&](const std::string& text) { report(action + ": " + text); };
    const auto restart = [&] {
        engine_.terminate();
        if (!engine_.start()) throw Failure{"the daemon ended at its start"};
    };
    const auto disarm = [] { ::unsetenv("SLIPWAY_FAIL_POINT"); };
    run_trial({engine_, before_, report_one, [&] { engine_.start(); }, restart, disarm, true},
              fault);
}

// Without its program: what daemon and shim share is in both, and used by one perhaps.
static std::string name_of(const std::string& place) {
    const auto begin = place.find(':') + 1;
    return place.substr(begin, place.find(':', begin) - begin);
}

// Which points the script comes to, and how often. Once before, for the image.
void PointSweep::dry_run() {
    where_ = "without a fault";
    try_once({}, {});
    try_once({}, {});
    places_ = lines_of(read_file(log_));
    std::set<std::string> reached;
    for (const auto& place : places_) reached.insert(name_of(place));
    for (const auto& [point, may_fail] : points_) {
        // Limits take control groups, which an ordinary user may not have.
        if (::geteuid() != 0 && point.find("limits") != std::string::npos) continue;
        if (!reached.contains(name_of(point))) report("the script never comes to " + point);
    }
}

void PointSweep::try_place(const std::string& place) {
    where_ = place;
    const std::string point = place.substr(0, place.rfind(':'));
    const Victim victim = place.starts_with("slipwayd:") ? Victim::daemon : Victim::shim;
    try_once({victim, Harm::kill}, "KILL");
    ++tried_;
    if (!points_.at(point)) return;
    const std::size_t errors = order_.is_quick ? 1 : order_.errors.size();
    for (std::size_t i = 0; i < errors; ++i) {
        const std::string& error = order_.errors[next_error_++ % order_.errors.size()];
        // A disk that is full can still be read.
        if (name_of(place).starts_with("read ") && error == "ENOSPC") continue;
        try_once({victim, Harm::error}, error);
        ++tried_;
    }
}

int PointSweep::run() {
    list_points();
    dry_run();
    unsigned tried_places = 0;
    for (const auto& place : places_) {
        if (order_.is_quick && !place.ends_with(":1")) continue;
        try_place(place);
        ++tried_places;
    }
    remove_directory(engine_.root());
    print(std::to_string(tried_) + " faults at " + std::to_string(tried_places) + " places of " +
          std::to_string(points_.size()) + " points; violations: " + std::to_string(violations_) +
          "\n");
    return violations_ == 0 ? 0 : 1;
}

int sweep_points(const PointOrder& order) {
    return PointSweep{order}.run();
}

int list_points() {
    const Engine place;
    for (const std::string program : kPointed) {
        for (const auto& line : points_of(program, place.place()))
            print(program + ": " + line + "\n");
    }
    return 0;
}
