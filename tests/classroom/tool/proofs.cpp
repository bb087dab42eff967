#include "tests/classroom/tool/proofs.hpp"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/tool/bug.hpp"
#include "tests/classroom/tool/check.hpp"
#include "tests/classroom/tool/children.hpp"
#include "tests/classroom/tool/engine.hpp"
#include "tests/classroom/tool/exercise.hpp"
#include "tests/classroom/tool/marks.hpp"
#include "tests/classroom/tool/new_exercise.hpp"
#include "tests/classroom/tool/new_stage.hpp"

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
    std::vector<Mark> passed, failed;
    std::string output;
};

// What a program is thought to be. One that is right is given time, however busy the machine is: to
// wait for it costs nothing. One that is not may hang, and is waited for as a reader's.
enum class Thought { right, wrong };

static Marks mark(const Workshop& workshop, const CheckRequest& request, const std::string& program,
                  Thought thought) {
    CheckRequest whole = request;
    if (request.stage == 6) whole.parts = parts_beside(program);
    CheckCommand command =
        check_command(whole, request.stage == 6 ? "" : program, tests_of(workshop, request.stage));
    if (thought == Thought::right) {
        command.variables.push_back(std::string{kPatienceVariable} + "=6");
    }
    Marks marks;
    marks.output = run_to_end(command.words, workshop.tree, command.variables).output;
    for (const Mark& one : marks_in(marks.output)) {
        if (one.verdict == Verdict::passed) marks.passed.push_back(one);
        if (one.verdict == Verdict::failed) marks.failed.push_back(one);
    }
    return marks;
}

static std::string reference(const Workshop& workshop, int stage) {
    return workshop.build + "/" + (stage == 6 ? "slipwayd" : stage_folder(workshop.tree, stage));
}

static bool is_done(const Marks& marks) {
    return marks.failed.empty() && !marks.passed.empty();
}

static Proof failed_with(const std::string& sentence, const std::string& output) {
    return {.faults = {sentence + ":\n" + output}};
}

static Ended build(const std::string& directory) {
    return run_to_end({"make", "-s", "-j1"}, directory, {"MAKEFLAGS=", "MAKELEVEL=", "MFLAGS="});
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
    const Marks marks =
        mark(workshop, {.stage = stage}, reference(workshop, stage), Thought::right);
    return is_done(marks) ? Proof{} : Proof{.faults = {marks.output}};
}

static Proof all_fail(const Workshop& workshop, int stage, const std::string& program) {
    const Marks marks =
        mark(workshop, {.stage = stage, .only_this_stage = true}, program, Thought::wrong);
    Proof proof;
    for (const Mark& one : marks.passed) {
        proof.faults.push_back("passes all the same: " + one.name);
    }
    if (marks.passed.empty() && marks.failed.empty()) proof.faults.push_back(marks.output);
    return proof;
}

static Proof all_fail_on_nothing(const Workshop& workshop, int stage) {
    const Scratch scratch;
    for (const char* name : {"/slipwayd", "/slipway"}) {  // for stage 6: whatever it is
        write_file(scratch.path() + name, "#!/bin/sh\nexit 0\n", 0755);
    }
    return all_fail(workshop, stage, scratch.path() + "/slipwayd");
}

// What was generated builds, shows its usage, which is given, and fails each case for want of what
// is left to write.
static Proof prove_skeleton(const Workshop& workshop, int stage) {
    const Scratch scratch;
    const std::string directory = scratch.path() + "/stage";
    make_stage(workshop, stage, directory);
    const Ended built = build(directory);
    if (built.exit_code != 0 || !built.output.empty()) {
        return failed_with("it does not build", built.output);
    }
    const std::string program = program_in(workshop.tree, stage, directory);
    const Ended usage = run_to_end({program, "--help"}, directory);
    if (!usage.output.starts_with("Usage:")) return failed_with("it shows no usage", usage.output);
    const Marks marks =
        mark(workshop, {.stage = stage, .only_this_stage = true}, program, Thought::wrong);
    Proof proof;
    for (const Mark& one : marks.passed) {
        const bool is_given = one.name.starts_with("--help answers");
        if (!is_given) proof.faults.push_back("passes all the same: " + one.name);
    }
    for (const Mark& one : marks.failed) {
        const bool says_why = one.text.find("not written yet") != std::string::npos;
        if (!says_why) proof.faults.push_back("fails for another reason: " + one.name);
    }
    if (marks.failed.empty()) proof.faults.push_back(marks.output);
    return proof;
}

static void claim_contract(const Workshop& workshop, int stage, std::vector<Claim>& claims) {
    const std::string of_stage = "stage " + std::to_string(stage) + "'s contract: ";
    claims.push_back(
        {of_stage + "the reference passes every case", [=] { return all_pass(workshop, stage); }});
    claims.push_back({of_stage + "a program that only ends with 0 fails each",
                      [=] { return all_fail_on_nothing(workshop, stage); }});
    if (stage == 6) return;
    claims.push_back(
        {of_stage + "where `make new` starts, each but --help fails for what is not written",
         [=] { return prove_skeleton(workshop, stage); }});
    if (stage == 1) return;
    claims.push_back({of_stage + "stage " + std::to_string(stage - 1) + "'s program fails each",
                      [=] { return all_fail(workshop, stage, reference(workshop, stage - 1)); }});
}

// --- exercises ----------------------------------------------------------------------------------

static Marks mark_exercise(const Workshop& workshop, const Exercise& exercise,
                           const std::string& program, Thought thought) {
    return mark(workshop, {.stage = exercise.stage, .exercise = exercise.id}, program, thought);
}

static Proof prove_hole(const Workshop& workshop, const Exercise& exercise) {
    const Scratch scratch;
    const std::string directory = scratch.path() + "/" + exercise.id;
    make_exercise(workshop, exercise, directory);
    const Ended built = build(directory);
    if (built.exit_code != 0) return failed_with("it does not build", built.output);
    const Marks holed = mark_exercise(
        workshop, exercise, program_in(workshop.tree, exercise.stage, directory), Thought::wrong);
    if (is_done(holed)) return failed_with("with its holes it passes", holed.output);
    if (holed.output.find("not written yet: ") == std::string::npos) {
        return failed_with("it fails, but not for its holes", holed.output);
    }
    const Marks solved =
        mark_exercise(workshop, exercise, reference(workshop, exercise.stage), Thought::right);
    return is_done(solved) ? Proof{} : failed_with("the reference fails", solved.output);
}

static Proof prove_beyond(const Workshop& workshop, const Exercise& exercise) {
    const Marks unsolved =
        mark_exercise(workshop, exercise, reference(workshop, exercise.stage), Thought::wrong);
    if (is_done(unsolved)) return failed_with("unsolved it passes", unsolved.output);
    const Scratch scratch;
    const std::string directory = scratch.path() + "/" + exercise.id;
    make_exercise(workshop, exercise, directory);
    apply_patch(workshop.tree + "/" + exercise.answer, directory);
    const Ended built = build(directory);
    if (built.exit_code != 0) return failed_with("the answer does not build", built.output);
    const std::string program = program_in(workshop.tree, exercise.stage, directory);
    const Marks solved = mark_exercise(workshop, exercise, program, Thought::right);
    if (!is_done(solved)) return failed_with("the answer fails", solved.output);
    if (!has_contract(workshop, exercise.stage)) return {};
    const Marks contract =
        mark(workshop, {.stage = exercise.stage, .only_this_stage = true, .without_slow = true},
             program, Thought::right);
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

// --- bugs ---------------------------------------------------------------------------------------

static Proof prove_bug(const Workshop& workshop, const Bug& bug) {
    const CheckRequest request{.stage = bug.stage, .bug = bug.id};
    const Marks sound = mark(workshop, request, reference(workshop, bug.stage), Thought::right);
    const bool was_asked = !sound.passed.empty() || !sound.failed.empty();
    if (!was_asked) return {.is_skipped = true, .faults = {"its check cannot run here"}};
    if (!is_done(sound)) return failed_with("the reference fails", sound.output);
    const Scratch scratch;
    const std::string directory = scratch.path() + "/bug";
    make_bug(workshop, bug, directory);
    const Ended built = build(directory);
    if (built.exit_code != 0) return failed_with("it does not build", built.output);
    const Marks ill =
        mark(workshop, request, program_in(workshop.tree, bug.stage, directory), Thought::wrong);
    return is_done(ill) ? failed_with("with the bug it passes", ill.output) : Proof{};
}

static void claim_bug(const Workshop& workshop, const Bug& bug, std::vector<Claim>& claims) {
    claims.push_back(
        {"bug " + bug.id + " (" + bug.title + "): its check fails, the reference passes",
         [=] { return prove_bug(workshop, bug); }});
}

std::vector<Claim> claims_of(const Workshop& workshop, const Wanted& wanted) {
    std::vector<Claim> claims;
    for (const Exercise& exercise : all_exercises(workshop.tree)) {
        const bool of_stage = wanted.stage == 0 || wanted.stage == exercise.stage;
        const bool is_named =
            wanted.exercise.empty() ? wanted.bug.empty() : wanted.exercise == exercise.id;
        if (of_stage && is_named) claim_exercise(workshop, exercise, claims);
    }
    for (const Bug& bug : all_bugs(workshop.tree)) {
        const bool of_stage = wanted.stage == 0 || wanted.stage == bug.stage;
        const bool is_named = wanted.bug.empty() ? wanted.exercise.empty() : wanted.bug == bug.id;
        if (of_stage && is_named) claim_bug(workshop, bug, claims);
    }
    if (!wanted.exercise.empty() || !wanted.bug.empty()) return claims;
    for (int stage = 1; stage <= 6; ++stage) {
        if (wanted.stage != 0 && wanted.stage != stage) continue;
        if (has_contract(workshop, stage)) claim_contract(workshop, stage, claims);
    }
    return claims;
}
