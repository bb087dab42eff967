// grade: the marks of a class. Behind make grade.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "tests/classroom/grade/submission.hpp"
#include "tests/classroom/tool/check.hpp"
#include "tests/classroom/tool/children.hpp"
#include "tests/support/source.hpp"

static constexpr Program kProgram{
    "grade", "[--tests NAME]",
    "Behind make grade, whose variables it reads from its environment: STAGE; PROGRAM, PROGRAMS\n"
    "or DIR; FORMAT=json, TIME, SEED, CASE. Each program is started in a sandbox of its own.\n"
    "Exit codes: 0 all were graded, 1 not, 2 usage."};

static constexpr long kTimeSecondsMax = 3600;
static constexpr long kSeedMax = 0xffffffffL;

static std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

static std::string absolute(const std::string& path) {
    if (path.starts_with("~/")) return variable("HOME") + path.substr(1);
    if (path.starts_with('/')) return path;
    const std::string from = variable("FROM");
    return std::filesystem::path{(from.empty() ? "." : from) + "/" + path}.lexically_normal();
}

static std::vector<Submission> wanted_submissions(int stage) {
    if (!variable("DIR").empty()) return submissions_in(absolute(variable("DIR")), stage);
    std::vector<Submission> all;
    std::istringstream words{variable("PROGRAM") + " " + variable("PROGRAMS")};
    for (std::string path; words >> path;) {
        all.push_back(submission_of(std::filesystem::absolute(absolute(path))));
        all.back().name = path;
    }
    if (all.empty()) throw UsageError{"PROGRAM=path, PROGRAMS='path path' or DIR=path is missing"};
    return all;
}

// They are asked as an ordinary user: a submission is never given root.
static std::vector<std::string> cases_for_users(const std::string& tests,
                                                const std::string& expression) {
    std::vector<std::string> names;
    for (const auto& line : lines_of(run_to_end({tests, "--list", expression}, "/").output)) {
        const auto tags = line.rfind("  [");
        if (tags == std::string::npos || line.find("[root]", tags) != std::string::npos) continue;
        names.push_back(line.substr(0, tags));
    }
    if (names.empty()) throw Failure{"no case matches " + expression};
    return names;
}

static Grading grading_from_variables(const std::string& tests) {
    Grading grading;
    if (variable("STAGE").empty()) throw UsageError{"STAGE=N is missing, 1 to 5"};
    grading.stage = static_cast<int>(parse_number(variable("STAGE"), "STAGE", 1, 5));
    grading.seed = std::random_device{}();
    if (!variable("SEED").empty()) {
        grading.seed =
            static_cast<std::uint64_t>(parse_number(variable("SEED"), "SEED", 0, kSeedMax));
    }
    if (!variable("TIME").empty()) {
        grading.time_limit =
            std::chrono::seconds{parse_number(variable("TIME"), "TIME", 1, kTimeSecondsMax)};
    }
    grading.at_a_time = static_cast<std::size_t>(std::max(2l, ::sysconf(_SC_NPROCESSORS_ONLN)));
    grading.tree = std::filesystem::current_path();
    grading.build =
        std::filesystem::absolute(variable("BUILD").empty() ? "build" : variable("BUILD"));
    if (!variable("DIR").empty()) grading.class_directory = absolute(variable("DIR"));
    grading.tests = tests.empty() ? "check-" + std::to_string(grading.stage) : tests;
    grading.expression = variable("CASE").empty()
                             ? "[contract][stage" + std::to_string(grading.stage) + "]~[slow]"
                             : variable("CASE");
    grading.cases = cases_for_users(grading.build + "/tests/" + grading.tests, grading.expression);
    return grading;
}

int main(int argc, char** argv) try {
    ensure_standard_streams();
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGCHLD, SIG_DFL);
    std::string tests;
    const std::vector<Option> options{{"--tests", "NAME",
                                       "the program with the cases, in BUILD/tests",
                                       [&](auto name) { tests = name; }}};
    const auto words = parse_options(kProgram, options, arguments_of(argc, argv));
    if (!words.empty()) throw UsageError{"no argument is taken (try --help)"};
    const Grading grading = grading_from_variables(tests);
    const auto grades = grade_all(grading, wanted_submissions(grading.stage));
    const bool is_json = variable("FORMAT") == "json";
    print(is_json ? grades_as_json(grading, grades) : grades_as_text(grading, grades));
    const bool all_graded = std::ranges::none_of(
        grades, [](const Grade& one) { return one.note.starts_with("not graded"); });
    return all_graded ? 0 : 1;
} catch (const UsageError& error) {
    return report_failure(kProgram.name, error, 2);
} catch (const std::exception& error) {
    return report_failure(kProgram.name, error, 1);
}
