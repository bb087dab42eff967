// slipway-tests: every test of the project and its runner, in one program.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "tests/support/case.hpp"
#include "tests/support/leak_check.hpp"
#include "tests/support/runner.hpp"
#include "tests/support/selection.hpp"

static constexpr Program kProgram{
    "slipway-tests", "[OPTIONS] [TAGS|NAME]",
    "Runs the cases that match, each as a process of its own, and looks for what they left "
    "behind.\n"
    "TAGS is an expression such as '[stage3]~[root]'. Exit code 0: all passed, 1: not, 2: usage."};

struct CommandLine {
    RunnerOptions runner;
    std::string expression;
    std::string only_case;
    bool only_list = false;
};

static CommandLine parse(int argc, char** argv) {
    CommandLine line;
    line.runner.jobs = static_cast<std::size_t>(std::max(4l, ::sysconf(_SC_NPROCESSORS_ONLN)));
    line.runner.seed = std::random_device{}();
    const std::vector<Option> options{
        {"--jobs -j", "N", "cases at a time (default: the number of processors, at least 4)",
         [&](auto text) {
             line.runner.jobs = static_cast<std::size_t>(parse_number(text, "--jobs", 1, 1000));
         }},
        {"--seed", "N", "for random names and values: repeats a run",
         [&](auto text) {
             line.runner.seed =
                 static_cast<std::uint64_t>(parse_number(text, "--seed", 0, UINT32_MAX));
         }},
        {"--deadline", "SECONDS", "for each case (default: 180, [slow] 1800)",
         [&](auto text) {
             line.runner.deadline =
                 std::chrono::seconds{parse_number(text, "--deadline", 1, 86400)};
         }},
        {"--strict", "", "a skip is a failure", [&](auto) { line.runner.is_strict = true; }},
        {"--verbose -v", "", "a line for each case that passed",
         [&](auto) { line.runner.is_verbose = true; }},
        {"--list", "", "names and tags of the cases that match",
         [&](auto) { line.only_list = true; }},
        {"--again", "COMMAND", "for a reader's program: the command that CASE=NAME is added to",
         [&](auto text) {
             line.runner.again = text;
             line.runner.is_verbose = true;
         }},
        {"--first-decide", "", "when a case tagged [first] fails no other one is run",
         [&](auto) { line.runner.first_decide = true; }},
        {"--case", "NAME", "one case in this process, without a sandbox: for a debugger",
         [&](auto text) { line.only_case = text; }},
    };
    const auto words = parse_options(kProgram, options, arguments_of(argc, argv));
    if (words.size() > 1) throw UsageError{"one expression at most: quote '" + words[0] + " ...'"};
    if (!words.empty()) line.expression = words[0];
    return line;
}

// Fails a case that leaves a descriptor open, or closed that was open.
static int run_case_in_this_process(const std::string& name) {
    if (const char* report = std::getenv(kReportVariable)) {
        check(::fcntl(std::atoi(report), F_SETFD, FD_CLOEXEC), "fcntl F_SETFD", report);
    }
    const auto before = open_descriptors();
    int exit_code = run_case(name);
    const auto after = open_descriptors();
    for (const auto& [fd, what] : after) {
        if (before.contains(fd) && before.at(fd) == what) continue;
        print("descriptor left behind: " + std::to_string(fd) + " " + printable(what) + "\n");
        exit_code = 1;
    }
    for (const auto& [fd, what] : before) {
        if (after.contains(fd)) continue;
        print("descriptor closed that was not the case's own: " + std::to_string(fd) + " " +
              printable(what) + "\n");
        exit_code = 1;
    }
    return exit_code;
}

static int list(const std::vector<Case>& cases) {
    for (const Case& test : cases) print(test.name + "  " + test.tags + "\n");
    return 0;
}

static int run_all(const CommandLine& line, const std::vector<Case>& cases) {
    const Selection selection = select_for(this_machine(), cases);
    print("seed " + std::to_string(line.runner.seed) + "\n");
    const Totals totals = run_cases(selection.here, line.runner);
    if (!selection.elsewhere.empty()) print("elsewhere:\n");
    for (const auto& need : selection.elsewhere) print("    " + need + "\n");
    if (totals.interrupted) print("interrupted\n");
    if (totals.not_run > 0) {
        print("make that pass first: " + std::to_string(totals.not_run) +
              " other cases were not run\n");
    }
    print(summary(totals) + "\n");
    if (totals.interrupted) return 130;
    const bool failed = totals.failed > 0 || (line.runner.is_strict && totals.skipped > 0);
    return failed || totals.passed + totals.skipped == 0 ? 1 : 0;
}

int main(int argc, char** argv) try {
    ensure_standard_streams();
    ::signal(SIGPIPE, SIG_IGN);
    // Marks are written on our descriptors: a program under test, the same user as we, shall not
    // open them through /proc, nor look into our memory. Before anyone of these is started.
    if (std::getenv(kGradedVariable) != nullptr) ::prctl(PR_SET_DUMPABLE, 0);
    ::signal(SIGCHLD, SIG_DFL);  // ignored by a caller it would take away every exit code
    const CommandLine line = parse(argc, argv);
    if (!line.only_case.empty()) return run_case_in_this_process(line.only_case);
    // What make or a shell left open must not reach the programs under test.
    ::close_range(STDERR_FILENO + 1, ~0u, 0);
    const std::vector<Case> cases = find_cases(line.expression);
    if (cases.empty()) throw UsageError{"no case matches '" + line.expression + "'"};
    return line.only_list ? list(cases) : run_all(line, cases);
} catch (const std::exception& error) {
    return report_failure("slipway-tests", error, 2);
}
