#include "tests/support/runner.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/supervisor.hpp"

using Clock = std::chrono::steady_clock;

static constexpr std::chrono::seconds kCaseDeadline{180};
static constexpr std::chrono::seconds kSlowCaseDeadline{1800};
static constexpr std::size_t kShownLineBytesMax = 2000;

std::string summary(const Totals& totals) {
    return std::to_string(totals.passed) + " passed, " + std::to_string(totals.failed) +
           " failed, " + std::to_string(totals.skipped) + " skipped";
}

static std::string seconds_since(Clock::time_point start) {
    const auto tenths = (Clock::now() - start) / std::chrono::milliseconds{100};
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

// For a person: indented, control bytes made visible, what is too long for a screen cut.
static std::string indented(const std::string& text) {
    std::string result;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::size_t shown = std::min(end - start, kShownLineBytesMax);
        result += "    " + printable(std::string_view{text}.substr(start, shown));
        if (start + shown < end) {
            result += "... " + std::to_string(end - start - shown) + " more";
        }
        result += "\n";
        start = end + 1;
    }
    return result;
}

// The last of the hints, which a case says before what may fail, at the top: it is what to read.
static std::string with_hint_first(const std::string& text) {
    std::string hint, others;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size() - 1) + 1;
        const std::string line = text.substr(start, end - start);
        if (line.starts_with("hint: ")) {
            hint = line;
        } else {
            others += line;
        }
        start = end;
    }
    return hint + others;
}

// For a shell, and the end of its line.
static std::string quoted(const std::string& name) {
    std::string text = "'";
    for (const char letter : name) text += letter == '\'' ? "'\\''" : std::string(1, letter);
    return text + "'\n";
}

class Runner {
public:
    Runner(const std::vector<Case>& cases, const RunnerOptions& options)
        : options_{options}, count_{cases.size()} {
        for (const Case& test : cases) {
            (is_first(test) ? first_ : test.has("[serial]") ? serial_ : waiting_).push_back(test);
        }
        // The long ones first, so that nobody waits for one of them alone at the end.
        std::stable_partition(waiting_.begin(), waiting_.end(),
                              [](const Case& one) { return one.has("[slow]"); });
    }

    Totals run();

private:
    struct Running {
        Case test;
        Supervised process;
        Clock::time_point start;
        std::string report;
    };

    bool is_first(const Case& test) const { return options_.first_decide && test.has("[first]"); }
    void start(const Case& test);
    void start_from(std::vector<Case>& cases);
    void start_what_may_run();
    void wait_for_something();
    bool receive(Running& running);
    void finish(Running& running);
    void stop_everything();
    void show_progress() const;
    void show(const std::string& text) const;

    const RunnerOptions options_;
    const std::size_t count_;
    SignalFd signals_{SIGINT, SIGTERM, SIGHUP};
    const CgroupPlaces places_;
    std::vector<Case> first_, waiting_, serial_;
    std::vector<Running> running_;
    int started_ = 0;
    Totals totals_;
    const bool on_terminal_ = ::isatty(STDOUT_FILENO) == 1;
};

void Runner::start(const Case& test) {
    const auto usual = test.has("[slow]") ? kSlowCaseDeadline : kCaseDeadline;
    const Supervision supervision{
        .test = test,
        .sandbox_name =
            "slipway-test-" + std::to_string(::getpid()) + "-" + std::to_string(++started_),
        .seed = options_.seed,
        .deadline = options_.deadline.count() > 0 ? options_.deadline : usual,
        .isolated = ::geteuid() == 0 && !test.has("[serial]"),
    };
    running_.push_back({test, supervise(supervision, places_), Clock::now(), {}});
}

void Runner::start_from(std::vector<Case>& cases) {
    const Case test = cases.front();
    cases.erase(cases.begin());
    start(test);
}

void Runner::start_what_may_run() {
    if (totals_.interrupted) return;
    while (running_.size() < options_.jobs && !first_.empty()) start_from(first_);
    const auto is_deciding = [&](const Running& one) { return is_first(one.test); };
    if (std::ranges::any_of(running_, is_deciding)) return;
    while (running_.size() < options_.jobs && !waiting_.empty()) start_from(waiting_);
    if (running_.empty() && !serial_.empty()) start_from(serial_);
}

void Runner::show(const std::string& text) const {
    print((on_terminal_ ? "\r\033[K" : "") + text);
}

void Runner::show_progress() const {
    if (!on_terminal_) return;
    const int done = totals_.passed + totals_.failed + totals_.skipped;
    show(std::to_string(done) + "/" + std::to_string(count_) + ", " +
         std::to_string(totals_.failed) + " failed");
}

void Runner::finish(Running& running) {
    const int exit_code = running.process.supervisor.wait();
    const bool for_reader = !options_.again.empty();
    const std::string heading = running.test.name + (for_reader ? "" : "  " + running.test.tags) +
                                " (" + seconds_since(running.start) + ")\n";
    if (running.report.empty()) {
        running.report = "Fthe supervisor ended with " + std::to_string(exit_code) + "\n";
    }
    const std::string text = running.report.substr(1);
    const auto verdict = static_cast<Verdict>(running.report[0]);
    if (verdict == Verdict::passed) {
        ++totals_.passed;
        if (options_.is_verbose) show("passed: " + heading);
    } else if (verdict == Verdict::skipped) {
        ++totals_.skipped;
        show("skipped: " + running.test.name + ": " + printable(text) + "\n");
    } else {
        ++totals_.failed;
        show("FAILED: " + heading + indented(with_hint_first(text)));
        if (for_reader) show("    again: " + options_.again + " CASE=" + quoted(running.test.name));
        if (is_first(running.test)) {
            totals_.not_run += waiting_.size() + serial_.size();
            waiting_.clear();
            serial_.clear();
        }
    }
}

// False when the supervisor has said all.
bool Runner::receive(Running& running) {
    char piece[65536];
    const auto count = check(
        retry([&] { return ::read(running.process.report.get(), piece, sizeof piece); }), "read");
    running.report.append(piece, static_cast<std::size_t>(count));
    return count > 0;
}

void Runner::wait_for_something() {
    std::vector<pollfd> ready{{signals_.get(), POLLIN, 0}};
    for (const Running& one : running_) ready.push_back({one.process.report.get(), POLLIN, 0});
    check(retry([&] { return ::poll(ready.data(), ready.size(), -1); }), "poll");
    if (ready[0].revents != 0) {
        signals_.next();
        stop_everything();
    }
    for (std::size_t i = running_.size(); i-- > 0;) {
        if (ready[i + 1].revents == 0 || receive(running_[i])) continue;
        finish(running_[i]);
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

// Each supervisor kills and removes what is its own, within a deadline of its own.
void Runner::stop_everything() {
    totals_.interrupted = true;
    for (const Running& one : running_) ::kill(one.process.supervisor.pid(), SIGTERM);
}

Totals Runner::run() {
    start_what_may_run();
    while (!running_.empty()) {
        show_progress();
        wait_for_something();
        start_what_may_run();
    }
    if (on_terminal_) show("");
    return totals_;
}

Totals run_cases(const std::vector<Case>& cases, const RunnerOptions& options) {
    return Runner{cases, options}.run();
}
