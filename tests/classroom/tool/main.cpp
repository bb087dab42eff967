// classroom: for those who write a stage of their own, and for whoever writes exercises.
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "common/process.hpp"
#include "tests/classroom/tool/bug.hpp"
#include "tests/classroom/tool/check.hpp"
#include "tests/classroom/tool/children.hpp"
#include "tests/classroom/tool/exercise.hpp"
#include "tests/classroom/tool/handout.hpp"
#include "tests/classroom/tool/new_exercise.hpp"
#include "tests/classroom/tool/new_stage.hpp"
#include "tests/classroom/tool/progress.hpp"
#include "tests/classroom/tool/proofs.hpp"

static constexpr Program kProgram{
    "classroom", "[OPTIONS] check | exercise | new | progress | bug | export | diff | check-tests",
    "Behind make check, make new and the others, whose variables it reads from its environment:\n"
    "STAGE, EX, N, PROGRAM, DIR, SKELETON, ONLY, SEED, CASE; CLI, DAEMON, SHIM.\n"
    "Exit codes: 0 all is well, 1 it is not, 2 usage."};

static constexpr long kSeedMax = 0xffffffffL;

static std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// Where relative paths may start: where we are, and where make was called with -C.
static std::vector<std::string> starting_points() {
    return {std::filesystem::current_path(), variable("FROM")};
}

static std::uint64_t wanted_seed() {
    const std::string text = variable("SEED");
    if (text.empty()) return std::random_device{}();
    return static_cast<std::uint64_t>(parse_number(text, "SEED", 0, kSeedMax));
}

static std::string parts_of_stage6(const char* name, const std::string& as) {
    const std::string path = variable(name);
    return path.empty() ? "" : as + "=" + find_program(path, starting_points());
}

static CheckRequest request_from_variables(CheckRequest request) {
    request.program = variable("PROGRAM");
    request.only_this_stage = !variable("ONLY").empty();
    request.seed = wanted_seed();
    request.only_case = variable("CASE");
    if (request.stage < 6) return request;
    for (const auto& part :
         {parts_of_stage6("CLI", "SLIPWAY"), parts_of_stage6("DAEMON", "SLIPWAYD"),
          parts_of_stage6("SHIM", "SLIPWAY_SHIM")}) {
        if (!part.empty()) request.parts.push_back(part);
    }
    if (request.parts.empty()) throw UsageError{"stage 6 takes CLI=, DAEMON= or SHIM="};
    return request;
}

[[noreturn]] static void become_check(const Workshop& workshop, const CheckRequest& request) {
    const bool has_program = request.stage < 6;
    const std::string program =
        has_program ? find_program(request.program, starting_points()) : std::string{};
    const CheckCommand command = check_command(request, program, tests_of(workshop, request.stage));
    execute(command.words, environment_with(command.variables));
}

static int wanted_stage() {
    const std::string text = variable("STAGE");
    if (text.empty()) throw UsageError{"STAGE=N is missing: which chapter's program it is, 1 to 6"};
    return static_cast<int>(parse_number(text, "STAGE", 1, 6));
}

static Exercise wanted_exercise(const Workshop& workshop) {
    const std::string id = variable("EX");
    if (!id.empty()) return read_exercise(workshop.tree, id);
    std::string list;
    for (const Exercise& one : all_exercises(workshop.tree)) {
        list += "\n  " + one.id + "  " + one.title;
    }
    throw UsageError{"EX=N.M is missing, one of:" + list};
}

static std::string wanted_directory(const std::string& what) {
    const std::string directory = variable("DIR");
    if (directory.empty()) throw UsageError{"DIR=path is missing: " + what};
    if (directory.starts_with("~/")) return variable("HOME") + directory.substr(1);
    const bool is_whole = directory.starts_with('/') || variable("FROM").empty();
    return is_whole ? directory : variable("FROM") + "/" + directory;
}

static int make_new_exercise(const Workshop& workshop, const Exercise& exercise) {
    const std::string directory = wanted_directory("the directory to fill");
    make_exercise(workshop, exercise, directory);
    print("exercise " + exercise.id + ": " + exercise.title + "\n  cd " + directory +
          "\n  the task: EXERCISE.md; to build: make; whether it is done: make check\n");
    return 0;
}

static int wanted_stage_up_to_5() {
    const int stage = wanted_stage();
    if (stage > 5) {
        throw UsageError{
            "STAGE=6: this is for 1 to 5. Stage 6 is three programs: write one of them "
            "(make check STAGE=6 CLI=path), or one part: EX=6.1 to 6.6"};
    }
    return stage;
}

static int make_new(const Workshop& workshop) {
    if (variable("STAGE").empty()) return make_new_exercise(workshop, wanted_exercise(workshop));
    const int stage = wanted_stage_up_to_5();
    const std::string directory = wanted_directory("the directory to fill");
    const std::string skeleton = variable("SKELETON");
    const std::string heading = "stage " + std::to_string(stage) + ": ";
    if (skeleton == "empty") {
        make_empty_stage(workshop, stage, directory);
        print(heading + "write it in any language\n  cd " + directory +
              "\n  what it has to do: CONTRACT.md; what starts it: run\n");
        return 0;
    }
    if (!skeleton.empty()) throw UsageError{"SKELETON=empty, or nothing"};
    const int count = make_stage(workshop, stage, directory);
    print(heading + std::to_string(count) + " functions to write\n  cd " + directory +
          "\n  to build: make; how far it is: make progress; to read: " +
          chapter_of(workshop.tree, stage) + "\n");
    return 0;
}

static int hand_out(const Workshop& workshop) {
    const int stage = wanted_stage_up_to_5();
    const std::string directory = wanted_directory("the directory to fill");
    const int count = export_stage(workshop, stage, directory);
    print(std::to_string(count) + " files and a Makefile in " + directory + "\n");
    return 0;
}

static int show_recipe(const Workshop& workshop) {
    const int stage = wanted_stage_up_to_5();
    if (stage == 1) throw UsageError{"STAGE=1: there is none before it (2 to 5)"};
    Paper paper{.columns = 165, .is_colored = ::isatty(STDOUT_FILENO) == 1};
    winsize window{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) {
        paper.columns = window.ws_col;
    }
    print(recipe_beside(workshop.tree, stage, paper));
    return 0;
}

static Bug wanted_bug(const Workshop& workshop) {
    const std::string id = variable("N");
    if (!id.empty()) return read_bug(workshop.tree, id);
    std::string list;
    for (const Bug& one : all_bugs(workshop.tree)) list += "\n  " + one.id + "  " + one.title;
    throw UsageError{"N=N.M is missing, one of:" + list};
}

static int plant(const Workshop& workshop, const Bug& bug) {
    if (variable("DIR").empty() && !variable("PROGRAM").empty()) {
        become_check(workshop, request_from_variables({.stage = bug.stage, .bug = bug.id}));
    }
    const std::string directory = wanted_directory("the directory to fill; or PROGRAM=path");
    make_bug({workshop.tree, {}}, bug, directory);
    print("bug " + bug.id + ": " + bug.title + "\n  cd " + directory +
          "\n  what one sees: BUG.md; to build: make; whether it is gone: make check\n");
    return 0;
}

// They wait more than they compute.
static int trials_at_a_time() {
    return static_cast<int>(std::max(2l, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

static int check_tests(const Workshop& workshop) {
    const int stage = variable("STAGE").empty() ? 0 : wanted_stage();
    return prove(claims_of(workshop, {stage, variable("EX"), variable("N")}), trials_at_a_time());
}

static int run(const std::string& verb, const Workshop& workshop) {
    if (verb == "check") {
        become_check(workshop,
                     request_from_variables({.stage = wanted_stage(), .first_decide = true}));
    }
    if (verb == "exercise") {
        const Exercise exercise = wanted_exercise(workshop);
        become_check(workshop,
                     request_from_variables({.stage = exercise.stage, .exercise = exercise.id}));
    }
    if (verb == "new") return make_new(workshop);
    if (verb == "progress") {
        const int stage = variable("STAGE").empty() ? 0 : wanted_stage_up_to_5();
        return show_progress(workshop, {.directory = wanted_directory("where your programs are"),
                                        .stage = stage,
                                        .only_case = variable("CASE")});
    }
    if (verb == "bug") return plant(workshop, wanted_bug(workshop));
    if (verb == "export") return hand_out(workshop);
    if (verb == "diff") return show_recipe(workshop);
    if (verb == "check-tests") return check_tests(workshop);
    throw UsageError{"unknown verb " + printable(verb)};
}

int main(int argc, char** argv) try {
    ensure_standard_streams();
    ::signal(SIGPIPE, SIG_DFL);
    Workshop workshop{.tree = std::filesystem::current_path(), .build = variable("BUILD")};
    const std::vector<Option> options{
        {"--tree", "DIR", "where the project is (default: here)",
         [&](auto path) { workshop.tree = std::filesystem::absolute(path); }},
        {"--tests", "FILE", "the program with the cases (default: that of the stage, in BUILD)",
         [&](auto path) { workshop.tests = std::filesystem::absolute(path); }}};
    const auto words = parse_options(kProgram, options, arguments_of(argc, argv));
    if (words.size() != 1) throw UsageError{"one verb, please (try --help)"};
    workshop.build = std::filesystem::absolute(workshop.build.empty() ? "build" : workshop.build);
    ::setenv("BUILD", workshop.build.c_str(), 1);  // for the cases, wherever they start
    return run(words[0], workshop);
} catch (const UsageError& error) {
    return report_failure(kProgram.name, error, 2);
} catch (const std::exception& error) {
    return report_failure(kProgram.name, error, 1);
}
