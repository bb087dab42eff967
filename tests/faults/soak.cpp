#include "tests/faults/soak.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <new>
#include <random>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/pause.hpp"
#include "tests/faults/requests.hpp"

using std::chrono::steady_clock;

static constexpr unsigned kWorkers = 6;
static constexpr unsigned kWriters = 2;
// In seconds, and far more than is usual: others may have the processors.
static constexpr double kSlowestPing = 15;
static constexpr double kSlowestRestart = 20;
static constexpr long kGrowthMax = 8192;  // KiB, from a fresh daemon to one that has worked

static double seconds_since(steady_clock::time_point start) {
    return std::chrono::duration<double>(steady_clock::now() - start).count();
}

class Soak {
public:
    explicit Soak(const SoakOrder& order);
    Soak(const Soak&) = delete;
    Soak& operator=(const Soak&) = delete;
    ~Soak() { ::munmap(shared_, sizeof *shared_); }

    int run();

private:
    void begin_workers();
    bool goes_on() const;
    void one_turn();
    void kill_daemon();
    void watch_workers();
    void ping();
    void end_workers();
    void check_end();
    void check_growth();
    std::vector<pid_t> owned() const;
    void print_figures() const;

    SoakOrder order_;
    std::mt19937_64 random_;
    Shared* shared_;
    Leftovers before_;
    Engine engine_;
    std::vector<Child> workers_;
    steady_clock::time_point start_ = steady_clock::now();
    double next_kill_ = 0;
    double slowest_ping_ = 0, slowest_restart_ = 0;
    std::size_t descriptors_ = 0, last_descriptors_ = 0;
    long memory_ = 0, last_memory_ = 0;
};

static Shared* new_shared() {
    void* place =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(place == MAP_FAILED ? -1 : 0, "mmap");
    return new (place) Shared{};
}

Soak::Soak(const SoakOrder& order) : order_{order}, random_{order.seed}, shared_{new_shared()} {
    // What the daemon leaves when it is killed comes to us.
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
}

void Soak::begin_workers() {
    for (unsigned number = 0; number < kWorkers; ++number) {
        const WorkerOrder order{number, order_.seed * 1000 + number, number < kWriters,
                                order_.kills_shims, order_.tamper};
        const pid_t pid = check(::fork(), "fork");
        if (pid == 0) ::_exit(work(engine_, *shared_, order));
        workers_.emplace_back(pid);
    }
}

bool Soak::goes_on() const {
    if (order_.tamper != Tamper::none && shared_->violations > 0) return false;
    return seconds_since(start_) < order_.seconds || shared_->daemon_kills < order_.kills;
}

std::vector<pid_t> Soak::owned() const {
    std::vector<pid_t> pids{engine_.pid()};
    for (const Child& worker : workers_) pids.push_back(worker.pid());
    return pids;
}

// Under load, in the middle of whatever it does; now and then before it has quite begun.
void Soak::kill_daemon() {
    ++shared_->daemon_kills;
    ++shared_->generation;
    engine_.kill();
    pause_for(std::chrono::microseconds{random_() % 200'000});
    engine_.begin();
    if (random_() % 6 == 0) {
        pause_for(std::chrono::microseconds{random_() % 30'000});
        ++shared_->daemon_kills;
        engine_.kill();
        engine_.begin();
    }
    const auto began = steady_clock::now();
    if (!engine_.wait_until_ready(kStartMax)) {
        throw Failure{"the daemon ends at its start: " + engine_.messages()};
    }
    ++shared_->generation;
    slowest_restart_ = std::max(slowest_restart_, seconds_since(began));
}

void Soak::ping() {
    const auto began = steady_clock::now();
    engine_.api().request("GET", ApiTarget{"/_ping"});
    slowest_ping_ = std::max(slowest_ping_, seconds_since(began));
}

void Soak::watch_workers() {
    for (unsigned number = 0; number < workers_.size(); ++number) {
        int code = 0;
        if (workers_[number].pid() == 0 || !workers_[number].has_ended(code) || code <= 1) continue;
        report_violation(*shared_, std::string{shared_->actions[number]} + ": came to no end (" +
                                       std::to_string(code) + ")");
    }
}

void Soak::one_turn() {
    pause_for(std::chrono::microseconds{20'000});
    reap_orphans(owned());
    watch_workers();
    if (engine_.has_ended()) throw Failure{"the daemon ended by itself: " + engine_.messages()};
    ping();
    if (seconds_since(start_) < next_kill_) return;
    kill_daemon();
    const double most = order_.kills > 0 ? 1.2 : 4;
    next_kill_ = seconds_since(start_) + 0.2 + most * static_cast<double>(random_() % 1000) / 1000;
}

void Soak::end_workers() {
    shared_->over = true;
    const auto is_working = [](const Child& worker) { return worker.pid() != 0; };
    while (std::ranges::any_of(workers_, is_working)) {
        pause_for(std::chrono::microseconds{20'000});
        reap_orphans(owned());
        watch_workers();
        ping();
    }
}

// A daemon that has worked holds no more than one that has just begun.
void Soak::check_growth() {
    last_memory_ = engine_.memory();
    const auto end = steady_clock::now() + std::chrono::seconds{30};
    do {
        pause_for(std::chrono::microseconds{20'000});
        last_descriptors_ = engine_.descriptors();
    } while (last_descriptors_ > descriptors_ && steady_clock::now() < end);
    if (last_descriptors_ > descriptors_) {
        report_violation(*shared_, "the daemon has " + std::to_string(last_descriptors_) +
                                       " descriptors open instead of " +
                                       std::to_string(descriptors_));
    }
    if (last_memory_ - memory_ > kGrowthMax) {
        report_violation(*shared_, "the daemon grew to " + std::to_string(last_memory_) + " KiB");
    }
}

void Soak::check_end() {
    const Reply list = Requests{engine_}.ask("GET", ApiTarget{"/containers/json"}.with("all", "1"));
    if (list.body != "[]" && list.body != "[]\n") {
        report_violation(*shared_, "containers that nobody wanted: " + list.body);
    }
    check_growth();
    const int code = engine_.terminate();
    if (code != 0) report_violation(*shared_, "the daemon's exit code is " + std::to_string(code));
    for (const auto& sentence : before_.found(engine_)) report_violation(*shared_, sentence);
    for (const char* word : {"terminate called", "Sanitizer", "runtime error"}) {
        const std::string messages = engine_.messages();
        if (messages.find(word) != std::string::npos) report_violation(*shared_, messages);
    }
    if (slowest_ping_ > kSlowestPing) report_violation(*shared_, "an answer took too long");
    if (slowest_restart_ > kSlowestRestart) report_violation(*shared_, "a start took too long");
}

void Soak::print_figures() const {
    char text[600];
    std::snprintf(
        text, sizeof text,
        "%.0f s, seed %llu: %u containers, %u kills of the daemon, %u of shims, %u of clients; "
        "%u execs, %u attached, %u stops, %u pauses, %u restarts; %u followers, %.1f MB of log "
        "compared; slowest answer %.0f ms, start %.0f ms; descriptors %zu -> %zu, memory %ld -> "
        "%ld KiB; violations: %u\n",
        seconds_since(start_), static_cast<unsigned long long>(order_.seed),
        shared_->lifecycles.load(), shared_->daemon_kills.load(), shared_->shim_kills.load(),
        shared_->client_kills.load(), shared_->execs.load(), shared_->attaches.load(),
        shared_->stops.load(), shared_->pauses.load(), shared_->restarts.load(),
        shared_->follows.load(), static_cast<double>(shared_->log_bytes) / 1e6,
        slowest_ping_ * 1000, slowest_restart_ * 1000, descriptors_, last_descriptors_, memory_,
        last_memory_, shared_->violations.load());
    print(text);
}

int Soak::run() {
    try {
        if (!engine_.start()) throw Failure{"the daemon does not start: " + engine_.messages()};
        ping();
        descriptors_ = engine_.descriptors();
        memory_ = engine_.memory();
        next_kill_ = 1;
        begin_workers();
        while (goes_on()) one_turn();
        end_workers();
        check_end();
    } catch (const std::exception& error) {
        report_violation(*shared_, error.what());
        for (const Child& worker : workers_) {
            if (worker.pid() != 0) ::kill(worker.pid(), SIGKILL);
        }
    }
    print_figures();
    return shared_->violations == 0 ? 0 : 1;
}

int soak(const SoakOrder& order) {
    return Soak{order}.run();
}
