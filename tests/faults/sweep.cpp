#include "tests/faults/sweep.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/pause.hpp"
#include "tests/faults/requests.hpp"
#include "tests/faults/tracing.hpp"
#include "tests/support/leak_check.hpp"

// How far the script came: each step was acknowledged.
enum Step : unsigned { nothing, created, started, waited, second, second_runs, stopped, removed };

static constexpr int kExitCode = 7;

class Sweep {
public:
    explicit Sweep(const SweepOrder& order);

    int run();
    int run_order();

private:
    void begin(const Words& strace);
    unsigned run_script();
    void end_daemon();
    void try_point(const FaultPoint& point);
    void check_first(unsigned done);
    void check_second(unsigned done);
    void check_rest();
    void expect(bool right, const std::string& what);
    std::vector<FaultPoint> dry_run();

    SweepOrder order_;
    Leftovers before_;
    Engine engine_;
    Requests api_{engine_};
    std::string trace_;
    std::string point_;
    unsigned violations_ = 0;
};

Sweep::Sweep(const SweepOrder& order) : order_{order}, trace_{engine_.place() + "/trace"} {
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
    ::setenv("SLIPWAY_FAULTS_SHIM", built_beside("slipway-shim").c_str(), 1);
}

void Sweep::expect(bool right, const std::string& what) {
    if (right) return;
    ++violations_;
    write_all(STDERR_FILENO, "VIOLATION: " + point_ + ": " + what + "\n", "stderr");
}

void Sweep::begin(const Words& strace) {
    if (order_.victim == Victim::daemon) {
        engine_.start(strace);
        return;
    }
    trace_shims(strace);
    engine_.start({}, {"--shim", own_path()});
    trace_shims({});
}

// Ends at the first answer that is none, or an error.
unsigned Sweep::run_script() {
    ApiClient api = engine_.api();
    unsigned done = nothing;
    const auto post = [&](const std::string& path, const std::optional<Json>& body = {}) {
        api.request("POST", ApiTarget{path}, body);
        ++done;
    };
    try {
        post("/containers/create?name=one",
             container_body({"sh", "-c", "echo line; exit " + std::to_string(kExitCode)}));
        post("/containers/one/start");
        post("/containers/one/wait");
        if (order_.victim == Victim::shim) return done;
        post("/containers/create?name=two", container_body({"sleep", "1000"}));
        post("/containers/two/start");
        post("/containers/two/stop?t=0");
        api.request("DELETE", ApiTarget{"/containers/one"});
        ++done;
    } catch (const Failure&) {
        // Killed here, or refused because of the fault.
    }
    return done;
}

// strace, which is our child, ends with it.
void Sweep::end_daemon() {
    for (const auto& process : living_descendants()) {
        if (process.command_line.starts_with(built_beside("slipwayd")))
            ::kill(process.pid, SIGKILL);
    }
    while (!engine_.has_ended()) pause_for(std::chrono::microseconds{1000});
}

void Sweep::check_first(unsigned done) {
    const auto inspected = api_.inspect("one");
    if (!inspected) return expect(done == nothing || done >= stopped, "the first is forgotten");
    expect(done < removed, "the first is back");
    const std::string now = state_of(*inspected, "Status").as_string();
    expect(now == "created" || now == "running" || now == "exited", "the first is " + now);
    if (now == "created") return expect(done < started, "the first has not been started");
    const int code = api_.wait("one");
    // A shim that was killed took the code along, unless it has written it down.
    const bool may_be_lost = order_.victim == Victim::shim && done < waited;
    const bool right = code == kExitCode || (may_be_lost && code == 255) ||
                       (order_.victim == Victim::shim && code == 255);
    expect(right, "its exit code is " + std::to_string(code));
    if (code != kExitCode) return;
    ApiClient api = engine_.api();
    const auto log = api.request("GET", ApiTarget{"/containers/one/logs?stdout=1"});
    expect(log.body == std::string("\1\0\0\0\0\0\0\5line\n", 13), "its log is " + log.body);
}

void Sweep::check_second(unsigned done) {
    const auto inspected = api_.inspect("two");
    if (!inspected) return expect(done < second, "the second is forgotten");
    const std::string now = state_of(*inspected, "Status").as_string();
    if (done >= stopped) return expect(now == "exited", "the second is " + now + " after stop");
    if (done == second_runs) return expect(now == "running" || now == "exited", "it is " + now);
    expect(now == "created" || now == "running", "the second is " + now);
}

void Sweep::check_rest() {
    for (const char* name : {"one", "two"}) {
        const auto inspected = api_.inspect(name);
        // Of one that runs they are written over, or removed after its end.
        if (!inspected || state_of(*inspected, "Running").as_bool()) continue;
        const std::string id = inspected->find("Id")->as_string();
        for (const auto& entry :
             std::filesystem::directory_iterator{engine_.root() + "/containers/" + id}) {
            expect(entry.path().extension() != ".tmp", "left: " + entry.path().string());
        }
    }
    for (const char* name : {"one", "two"}) {
        const std::string problem = api_.remove(name);
        expect(problem.empty(), std::string{"remove "} + name + ": " + problem);
    }
    expect(engine_.terminate() == 0, "the daemon's exit code is not 0");
    for (const auto& sentence : before_.found(engine_)) expect(false, sentence);
}

void Sweep::try_point(const FaultPoint& point) {
    point_ = order_.fault + " at " + point.call + " " + std::to_string(point.when) + " (" +
             point.line + ")";
    begin(traced(trace_, point, order_.fault));
    const unsigned done = engine_.has_ended() ? 0u + nothing : run_script();
    if (!engine_.has_ended()) end_daemon();
    reap_orphans({});
    if (!engine_.start()) throw Failure{point_ + ": no new start: " + engine_.messages()};
    check_first(done);
    if (order_.victim == Victim::daemon) check_second(done);
    check_rest();
}

std::vector<FaultPoint> Sweep::dry_run() {
    point_ = "without a fault";
    begin(traced(trace_));
    const unsigned done = run_script();
    expect(done == (order_.victim == Victim::daemon ? removed : waited), "the script fails");
    end_daemon();
    reap_orphans({});
    expect(engine_.start(), "no new start");
    check_rest();
    return points_in(trace_);
}

int Sweep::run() {
    const auto points = dry_run();
    unsigned tried = 0;
    for (std::size_t i = 0; i < points.size(); i += order_.every, ++tried) try_point(points[i]);
    std::error_code ignored;
    std::filesystem::remove(trace_, ignored);
    print(order_.fault + " at " + std::to_string(tried) + " of " + std::to_string(points.size()) +
          " calls of the " + (order_.victim == Victim::daemon ? "daemon" : "shim") +
          "; violations: " + std::to_string(violations_) + "\n");
    return violations_ == 0 ? 0 : 1;
}

int Sweep::run_order() {
    dry_run();
    unsigned renames = 0;
    for (const auto& fault : order_faults(trace_, renames)) expect(false, fault);
    const unsigned least = order_.victim == Victim::daemon ? 4 : 2;
    expect(renames >= least, "only " + std::to_string(renames) + " renames seen");
    std::error_code ignored;
    std::filesystem::remove(trace_, ignored);
    print(std::to_string(renames) + " records of the " +
          (order_.victim == Victim::daemon ? "daemon" : "shim") + " in order\n");
    return violations_ == 0 ? 0 : 1;
}

int sweep(const SweepOrder& order) {
    return Sweep{order}.run();
}

// The check itself is checked: who leaves the fsyncs out is caught.
static int check_naive_writer() {
    const Engine place;
    const std::string trace = place.place() + "/trace";
    start_program(with(traced(trace), {own_path(), "naive", place.place() + "/record"})).wait();
    unsigned renames = 0;
    const auto faults = order_faults(trace, renames);
    ::unlink(trace.c_str());
    ::unlink((place.place() + "/record").c_str());
    if (faults.size() == 2) return 0;
    print("a naive writer is not caught\n");
    return 1;
}

int check_order() {
    const int daemon = Sweep{{.victim = Victim::daemon}}.run_order();
    const int shim = Sweep{{.victim = Victim::shim}}.run_order();
    return daemon + shim + check_naive_writer() == 0 ? 0 : 1;
}

int write_naively(const std::string& path) {
    write_file(path + ".tmp", "what nobody has seen on the disk");
    check(::rename((path + ".tmp").c_str(), path.c_str()), "rename", path);
    return 0;
}
