#include "tests/faults/control.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/pause.hpp"
#include "tests/faults/tracing.hpp"
#include "tests/faults/worker_files.hpp"

static constexpr unsigned kRounds = 40;
static constexpr unsigned kLongest = 4000;  // microseconds
static const std::string kKill = "signal=KILL";

// One of the three, in a directory of its own.
class WriterTrials {
public:
    explicit WriterTrials(std::string kind) : kind_{std::move(kind)} {}
    ~WriterTrials() { clear(); }
    WriterTrials(const WriterTrials&) = delete;
    WriterTrials& operator=(const WriterTrials&) = delete;

    // Each: in how many of how many trials it was found out.
    std::string by_points();
    std::string by_sweep();
    std::string at_random();
    std::string by_order();

private:
    Words command(unsigned count) const;
    void clear() const;
    void judge(const ScratchFile& said);
    std::string verdict();

    std::string kind_;
    Engine place_;
    std::string file_{place_.place() + "/record"}, trace_{place_.place() + "/trace"};
    unsigned found_ = 0, trials_ = 0;
};

Words WriterTrials::command(unsigned count) const {
    return {built_beside("faults/writer"), kind_, file_, std::to_string(count)};
}

void WriterTrials::clear() const {
    for (const std::string& path : {file_, file_ + ".tmp", trace_}) ::unlink(path.c_str());
}

// The file holds the number that was said last, or the next one; whole.
void WriterTrials::judge(const ScratchFile& said) {
    ++trials_;
    const std::string numbers = said.text();
    const auto last_line = numbers.rfind('\n', numbers.size() - 2);
    const long last = numbers.empty() ? 0 : std::atol(numbers.c_str() + last_line + 1);
    const auto holds = [&](long number, const std::string& text) {
        return text == std::to_string(number) + " and that is all\n";
    };
    const std::string text = file_exists(file_) ? read_file(file_) : "";
    const bool is_right =
        holds(last, text) || holds(last + 1, text) || (last == 0 && !file_exists(file_));
    if (!is_right) ++found_;
    clear();
}

std::string WriterTrials::verdict() {
    const std::string text = std::to_string(found_) + " of " + std::to_string(trials_);
    found_ = trials_ = 0;
    return text;
}

std::string WriterTrials::by_points() {
    ::setenv("SLIPWAY_FAIL_POINT_LOG", trace_.c_str(), 1);
    start_program(command(2)).wait();
    std::istringstream places{read_file(trace_)};
    clear();
    for (std::string place; std::getline(places, place);) {
        const ScratchFile said{place_.place(), 0};
        ::setenv("SLIPWAY_FAIL_POINT", (place + ":KILL").c_str(), 1);
        start_program(command(2), -1, said.fd()).wait();
        ::unsetenv("SLIPWAY_FAIL_POINT");
        judge(said);
    }
    ::unsetenv("SLIPWAY_FAIL_POINT_LOG");
    return verdict();
}

std::string WriterTrials::by_sweep() {
    start_program(with(traced(trace_, kKill), command(2))).wait();
    const auto points = points_in(trace_, kKill);
    clear();
    for (const FaultPoint& point : points) {
        const ScratchFile said{place_.place(), 0};
        start_program(with(traced(trace_, kKill, point), command(2)), -1, said.fd()).wait();
        judge(said);
    }
    return verdict();
}

// From here on it is at work; before that there would be nothing to disturb. (It writes where we
// would read: so nothing is read.)
static void wait_until_it_says_something(const ScratchFile& said) {
    const auto end = std::chrono::steady_clock::now() + kStartMax;
    struct stat status {};
    while (::fstat(said.fd(), &status) == 0 && status.st_size == 0) {
        if (std::chrono::steady_clock::now() >= end) throw Failure{"the writer does not start"};
        pause_for(std::chrono::microseconds{200});
    }
}

std::string WriterTrials::at_random() {
    std::mt19937 random{1};
    for (unsigned round = 0; round < kRounds; ++round) {
        const ScratchFile said{place_.place(), 0};
        Child writer = start_program(command(1'000'000), -1, said.fd());
        wait_until_it_says_something(said);
        pause_for(std::chrono::microseconds{random() % kLongest});
        ::kill(writer.pid(), SIGKILL);
        writer.wait();
        judge(said);
    }
    return verdict();
}

std::string WriterTrials::by_order() {
    start_program(with(traced(trace_, kKill), command(2))).wait();
    unsigned renames = 0;
    const auto faults = order_faults(trace_, renames);
    clear();
    if (renames == 0) return "no rename";
    if (faults.empty()) return "right";
    return faults[0].substr(0, faults[0].find(" of "));
}

static void print_row(const Words& cells) {
    constexpr std::size_t width = 16;
    std::string line;
    for (std::string cell : cells) {
        cell.resize(std::max(width, cell.size()), ' ');
        line += cell;
    }
    print(line.substr(0, line.find_last_not_of(' ') + 1) + "\n");
}

// Whether each way has found what there is to be found: a writer that is killed in the middle
// shows half a record; one that has no fsync shows nothing, to whoever only kills programs.
static bool is_as_it_should_be(const std::string& kind, const Words& cells) {
    const bool is_torn = kind == "naive";
    for (std::size_t i = 0; i < 3; ++i) {
        if (cells[i].starts_with("0 of ") == is_torn) return false;
    }
    return (cells[3] == "right") == (kind == "careful");
}

int check_the_checks() {
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
    print_row({"writer", "at fail points", "at each call", "at random", "order of calls"});
    bool is_right = true;
    for (const std::string kind : {"naive", "hasty", "careful"}) {
        WriterTrials trials{kind};
        Words cells = {trials.by_points(), trials.by_sweep(), trials.at_random(),
                       trials.by_order()};
        print_row(with({kind}, cells));
        is_right = is_right && is_as_it_should_be(kind, cells);
    }
    return is_right ? 0 : 1;
}
