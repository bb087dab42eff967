#include "tests/classroom/tool/proofs.hpp"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/tool/check.hpp"
#include "tests/classroom/tool/children.hpp"
#include "tests/support/source.hpp"

// A directory that is gone when its owner is.
class Scratch {
public:
    Scratch() {
        if (::mkdtemp(path_.data()) == nullptr) throw SystemError{errno, "mkdtemp", path_};
        std::filesystem::permissions(path_, std::filesystem::perms{0755});
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }

private:
    std::string path_ = "/tmp/slipway-check-tests-XXXXXX";
};

// Which cases passed and which failed, in the order in which they ended.
struct Marks {
    std::vector<std::string> passed, failed;
    std::string output;  // without the lines of those that passed
};

// "a silent client delays nobody" of "passed: a silent client delays nobody (0.1 s)".
static std::string name_in(const std::string& line, std::size_t start) {
    return line.substr(start, line.rfind(" (") - start);
}

static Marks mark(const Workshop& workshop, const CheckRequest& request,
                  const std::string& program) {
    const CheckCommand command = check_command(request, program, tests_of(workshop, request.stage));
    Marks marks;
    const std::string output = run_to_end(command.words, workshop.tree, command.variables).output;
    for (const std::string& line : lines_of(output)) {
        if (line.starts_with("passed: ")) {
            marks.passed.push_back(name_in(line, 8));
            continue;
        }
        if (line.starts_with("FAILED: ")) marks.failed.push_back(name_in(line, 8));
        marks.output += line + "\n";
    }
    return marks;
}

static std::string reference(const Workshop& workshop, int stage) {
    return workshop.build + "/" + stage_folder(workshop.tree, stage);
}

static bool is_done(const Marks& marks) {
    return marks.failed.empty() && !marks.passed.empty();
}

// --- the contract -------------------------------------------------------------------------------

// Not of a project that only looks like ours, with cases from elsewhere.
static bool has_contract(const Workshop& workshop, int stage) {
    const std::string tests = tests_of(workshop, stage);
    return workshop.tests.empty() && file_exists(reference(workshop, stage)) &&
           run_to_end({tests, "--list", "[contract][stage" + std::to_string(stage) + "]"},
                      workshop.tree)
                   .exit_code == 0;
}

static Proof all_pass(const Workshop& workshop, int stage) {
    const Marks marks = mark(workshop, {.stage = stage}, reference(workshop, stage));
    return is_done(marks) ? Proof{} : Proof{.faults = {marks.output}};
}

static Proof all_fail(const Workshop& workshop, int stage, const std::string& program) {
    const Marks marks = mark(workshop, {.stage = stage, .only_this_stage = true}, program);
    Proof proof;
    for (const auto& name : marks.passed) proof.faults.push_back("passes all the same: " + name);
    if (marks.passed.empty() && marks.failed.empty()) proof.faults.push_back(marks.output);
    return proof;
}

static Proof all_fail_on_nothing(const Workshop& workshop, int stage) {
    const Scratch scratch;
    const std::string program = scratch.path() + "/nothing";
    write_file(program, "#!/bin/sh\nexit 0\n", 0755);
    return all_fail(workshop, stage, program);
}

static void claim_contract(const Workshop& workshop, int stage, std::vector<Claim>& claims) {
    const std::string of_stage = "stage " + std::to_string(stage) + "'s contract: ";
    claims.push_back(
        {of_stage + "the reference passes every case", [=] { return all_pass(workshop, stage); }});
    claims.push_back({of_stage + "a program that only ends with 0 fails each",
                      [=] { return all_fail_on_nothing(workshop, stage); }});
    if (stage == 1) return;
    claims.push_back({of_stage + "stage " + std::to_string(stage - 1) + "'s program fails each",
                      [=] { return all_fail(workshop, stage, reference(workshop, stage - 1)); }});
}

// --- exercises ----------------------------------------------------------------------------------

static Proof failed_with(const std::string& sentence, const std::string& output) {
    return {.faults = {sentence + ":\n" + output}};
}

static Marks mark_exercise(const Workshop& workshop, const Exercise& exercise,
                           const std::string& program) {
    return mark(workshop, {.stage = exercise.stage, .exercise = exercise.id}, program);
}

static Ended build(const std::string& directory) {
    return run_to_end({"make", "-s", "-j1"}, directory, {"MAKEFLAGS=", "MAKELEVEL=", "MFLAGS="});
}

static Proof prove_hole(const Workshop& workshop, const Exercise& exercise) {
    const Scratch scratch;
    const std::string directory = scratch.path() + "/" + exercise.id;
    make_exercise(workshop, exercise, directory);
    const Ended built = build(directory);
    if (built.exit_code != 0) return failed_with("it does not build", built.output);
    const Marks holed =
        mark_exercise(workshop, exercise, program_in(workshop.tree, exercise, directory));
    if (is_done(holed)) return failed_with("with its holes it passes", holed.output);
    if (holed.output.find("is not written yet") == std::string::npos) {
        return failed_with("it fails, but not for its holes", holed.output);
    }
    const Marks solved = mark_exercise(workshop, exercise, reference(workshop, exercise.stage));
    return is_done(solved) ? Proof{} : failed_with("the reference fails", solved.output);
}

static Ended apply_patch(const std::string& patch, const std::string& directory) {
    const Ended patched =
        run_to_end({"patch", "-s", "-p1", "--no-backup-if-mismatch", "-i", patch}, directory);
    return patched.exit_code == 127 ? run_to_end({"git", "apply", patch}, directory) : patched;
}

static Proof prove_beyond(const Workshop& workshop, const Exercise& exercise) {
    const Marks unsolved = mark_exercise(workshop, exercise, reference(workshop, exercise.stage));
    if (is_done(unsolved)) return failed_with("unsolved it passes", unsolved.output);
    const Scratch scratch;
    const std::string directory = scratch.path() + "/" + exercise.id;
    make_exercise(workshop, exercise, directory);
    const Ended patched = apply_patch(workshop.tree + "/" + exercise.answer, directory);
    if (patched.exit_code == 127) return {.is_skipped = true, .faults = {"neither patch nor git"}};
    if (patched.exit_code != 0) return failed_with("the answer does not apply", patched.output);
    const Ended built = build(directory);
    if (built.exit_code != 0) return failed_with("the answer does not build", built.output);
    const std::string program = program_in(workshop.tree, exercise, directory);
    const Marks solved = mark_exercise(workshop, exercise, program);
    if (!is_done(solved)) return failed_with("the answer fails", solved.output);
    if (!has_contract(workshop, exercise.stage)) return {};
    const Marks contract =
        mark(workshop, {.stage = exercise.stage, .only_this_stage = true, .without_slow = true},
             program);
    return contract.failed.empty() ? Proof{}
                                   : failed_with("the answer breaks the contract", contract.output);
}

static void claim_exercise(const Workshop& workshop, const Exercise& exercise,
                           std::vector<Claim>& claims) {
    const std::string name = "exercise " + exercise.id + " (" + exercise.title + "): ";
    if (exercise.is_beyond()) {
        claims.push_back({name + "the reference fails, the answer passes",
                          [=] { return prove_beyond(workshop, exercise); }});
    } else {
        claims.push_back({name + "with its holes it fails, the reference passes",
                          [=] { return prove_hole(workshop, exercise); }});
    }
}

std::vector<Claim> claims_of(const Workshop& workshop, const Wanted& wanted) {
    std::vector<Claim> claims;
    for (const Exercise& exercise : all_exercises(workshop.tree)) {
        const bool of_stage = wanted.stage == 0 || wanted.stage == exercise.stage;
        const bool is_named = wanted.exercise.empty() || wanted.exercise == exercise.id;
        if (of_stage && is_named) claim_exercise(workshop, exercise, claims);
    }
    for (int stage = 1; stage <= 5 && wanted.exercise.empty(); ++stage) {
        if (wanted.stage != 0 && wanted.stage != stage) continue;
        if (has_contract(workshop, stage)) claim_contract(workshop, stage, claims);
    }
    return claims;
}
