#include "tests/classroom/tool/progress.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "tests/classroom/tool/chapter.hpp"
#include "tests/classroom/tool/check.hpp"
#include "tests/classroom/tool/children.hpp"
#include "tests/classroom/tool/marks.hpp"
#include "tests/support/case.hpp"
#include "tests/support/source.hpp"

using Clock = std::chrono::steady_clock;

// A verdict comes so soon when it is known what comes next; when something has failed, but what
// stands before it has no answer; and in any case.
static constexpr std::chrono::milliseconds kSoon{800}, kLater{1200}, kAtLast{20'000};
static constexpr const char* kCasesAtATime = "32";

// One stage's questions, being asked.
struct Suite {
    int stage = 0;
    std::vector<std::string> cases{};  // in the chapter's order
    std::size_t slow_cases = 0;        // that are not among them
    Fd output{};
    Child runner{};
    std::string text{};

    bool is_over() const { return !output; }
};

// The sentences of a stage that can be asked here.
static std::vector<std::string> cases_of(const std::string& tests, const std::string& expression) {
    const std::string elsewhere = ::geteuid() == 0 ? "[user]" : "[root]";
    std::vector<std::string> names;
    for (const auto& line : lines_of(run_to_end({tests, "--list", expression}, "/").output)) {
        const auto tags = line.rfind("  [");
        if (tags == std::string::npos || line.find(elsewhere, tags) != std::string::npos) continue;
        names.push_back(line.substr(0, tags));
    }
    return names;
}

static Suite start(const Workshop& workshop, const CheckRequest& request,
                   const std::string& program) {
    const std::string tests = tests_of(workshop, request.program_stage);
    CheckCommand command = check_command(request, program, tests);
    Suite suite{.stage = request.stage, .cases = cases_of(tests, command.words.back())};
    CheckRequest everything = request;
    everything.without_slow = false;
    const std::string whole = check_command(everything, program, tests).words.back();
    suite.slow_cases = cases_of(tests, whole).size() - suite.cases.size();
    command.words.insert(command.words.begin() + 1, {"--jobs", kCasesAtATime});
    Started started = start_with_output(command.words, workshop.tree, command.variables);
    suite.runner = std::move(started.child);
    suite.output = std::move(started.output);
    return suite;
}

static void receive(Suite& suite) {
    char piece[65536];
    const auto count =
        check(retry([&] { return ::read(suite.output.get(), piece, sizeof piece); }), "read");
    suite.text.append(piece, static_cast<std::size_t>(count));
    if (count == 0) suite.output.close();
}

static std::chrono::milliseconds time_for(const Suite& suite) {
    const auto marks = marks_in(suite.text);
    if (std::ranges::count(marks, Verdict::failed, &Mark::verdict) == 0) return kAtLast;
    for (const auto& name : suite.cases) {
        const auto mark = std::ranges::find(marks, name, &Mark::name);
        if (mark == marks.end()) return kLater;
        if (mark->verdict == Verdict::failed) break;
    }
    return kSoon;
}

// On a slow machine everything takes longer, and so do we.
static int patience() {
    const char* text = std::getenv(kPatienceVariable);
    return std::max(1, text == nullptr ? 1 : std::atoi(text));
}

static void ask_all(std::vector<Suite>& suites) {
    const auto began = Clock::now();
    while (std::ranges::any_of(suites, [](const auto& one) { return !one.is_over(); })) {
        auto time = kAtLast;
        for (const Suite& suite : suites) time = std::min(time, time_for(suite));
        const auto left = began + time * patience() - Clock::now();
        if (left <= Clock::duration::zero()) return;
        std::vector<pollfd> ready;
        for (const Suite& suite : suites) ready.push_back({suite.output.get(), POLLIN, 0});
        // Not the whole time at once: by then something may have failed.
        const auto wait = std::min<Clock::duration>(left, std::chrono::milliseconds{100});
        const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
        check(retry([&] {
                  return ::poll(ready.data(), ready.size(), static_cast<int>(milliseconds));
              }),
              "poll");
        for (std::size_t i = 0; i < suites.size(); ++i) {
            if (ready[i].revents != 0) receive(suites[i]);
        }
    }
}

static std::string reading_for(const Workshop& workshop, int stage, const Mark& mark) {
    const std::string section = what_to_read(mark);
    if (!section.empty()) return section;
    return Chapter{workshop.tree, chapter_of(workshop.tree, stage)}.where_is("The contract");
}

static std::string slow_ones(const Suite& suite) {
    if (suite.slow_cases == 0) return {};
    return " (slow ones, which only make check asks: " + std::to_string(suite.slow_cases) + ")";
}

// True when nothing is left to do.
static bool show(const Workshop& workshop, const Suite& suite, bool comes_next) {
    const auto marks = marks_in(suite.text);
    const auto passed = std::ranges::count(marks, Verdict::passed, &Mark::verdict);
    const auto skipped = std::ranges::count(marks, Verdict::skipped, &Mark::verdict);
    const auto total = std::ssize(suite.cases) - skipped;
    print("stage " + std::to_string(suite.stage) + "  " + std::to_string(passed) + "/" +
          std::to_string(total) + slow_ones(suite) + "\n");
    if (passed == total && total > 0) return true;
    if (!comes_next) return false;
    for (const auto& name : suite.cases) {
        const auto mark = std::ranges::find(marks, name, &Mark::name);
        const bool has_answer = mark != marks.end();
        if (has_answer && mark->verdict != Verdict::failed) continue;
        const Mark next = has_answer ? *mark : Mark{name};
        print("  next: " + name + (has_answer ? "" : " (no answer yet)") + "\n");
        print("  read: " + reading_for(workshop, suite.stage, next) + "\n");
        if (!hint_in(next).empty()) print("  hint: " + hint_in(next) + "\n");
        return false;
    }
    print(suite.text);
    return false;
}

int show_progress(const Workshop& workshop, const ProgressRequest& asked) {
    const auto programs = programs_in(asked.directory);
    std::vector<Suite> suites;
    const auto find = [&](int stage) {
        return std::ranges::find(programs, stage, &ReaderProgram::stage);
    };
    for (int stage = 1; stage <= 5; ++stage) {
        if (asked.stage != 0 && asked.stage != stage) continue;
        auto program = find(stage);
        // What an earlier stage promises holds for the later one.
        for (int later = stage + 1; stage >= 3 && later <= 5; ++later) {
            if (program == programs.end()) program = find(later);
        }
        if (program == programs.end()) continue;
        const CheckRequest request{.stage = stage,
                                   .program_stage = program->stage,
                                   .only_this_stage = true,
                                   .without_slow = true,
                                   .only_case = asked.only_case};
        suites.push_back(start(workshop, request, program->path));
    }
    if (suites.empty()) {
        throw Failure{"no program of stage " + std::to_string(asked.stage) + " in " +
                      asked.directory};
    }
    ask_all(suites);
    bool is_done = true;
    for (const Suite& suite : suites) is_done = show(workshop, suite, is_done) && is_done;
    // Told to end they clean up what they have begun.
    for (const Suite& suite : suites) {
        if (!suite.is_over()) ::kill(suite.runner.pid(), SIGTERM);
    }
    for (Suite& suite : suites) {
        while (!suite.is_over()) receive(suite);
        suite.runner.wait();
    }
    return is_done ? 0 : 1;
}
