// Many submissions, some at a time, each in its sandbox and against the clock.
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "tests/classroom/grade/sandbox.hpp"
#include "tests/classroom/grade/submission.hpp"
#include "tests/support/case.hpp"

using Clock = std::chrono::steady_clock;

static constexpr std::size_t kOutputBytesMax = 16u << 20;
static constexpr const char* kCasesAtATime = "4";
// Others are at work too: what answers late is not wrong.
static constexpr const char* kPatience = "3";

struct Running {
    std::size_t which = 0;
    Sandbox sandbox{};
    Clock::time_point end{};
    std::string output{};
    std::string note{};
};

// What the tests of a stage start beside the program that is asked about. The stage's own is not
// there where it can be spared, nor its sources: a submission that only starts them is none.
static std::vector<std::string> programs_for(int stage) {
    if (stage == 2) return {"stage1-tcp-manager"};
    if (stage >= 4) return {"stage4-chroot"};
    return {};
}

static SandboxPlan plan_for(const Grading& grading, const Submission& one, std::size_t which) {
    SandboxPlan plan{.build = grading.build,
                     .programs = programs_for(grading.stage),
                     .submission = one.place,
                     .hidden = {grading.tree, grading.build, grading.class_directory},
                     .number = static_cast<int>(which)};
    const std::string program = kSubmissionInside + (one.program.empty() ? "" : "/" + one.program);
    plan.command = {kBuildInside + "/tests/" + grading.tests,
                    "--seed",
                    std::to_string(grading.seed),
                    "--jobs",
                    kCasesAtATime,
                    "--again",
                    "make check",
                    grading.expression};
    plan.environment = {"PATH=/usr/local/bin:/usr/bin:/bin",
                        "HOME=" + kWorkInside,
                        "TMPDIR=" + kWorkInside,
                        "LC_ALL=C.UTF-8",
                        "BUILD=" + kBuildInside,
                        std::string{kPatienceVariable} + "=" + kPatience,
                        std::string{kGradedVariable} + "=1",
                        std::string{kCheckVariable} + "=" + std::to_string(grading.stage),
                        "STAGE" + std::to_string(grading.stage) + "=" + program};
    return plan;
}

class Grader {
public:
    Grader(const Grading& grading, const std::vector<Submission>& submissions)
        : grading_{grading}, submissions_{submissions}, grades_(submissions.size()) {
        for (std::size_t i = 0; i < submissions.size(); ++i) grades_[i].name = submissions[i].name;
    }

    std::vector<Grade> run() {
        while (next_ < submissions_.size() || !running_.empty()) {
            while (next_ < submissions_.size() && running_.size() < grading_.at_a_time) {
                start(next_++);
            }
            wait_for_something();
        }
        return std::move(grades_);
    }

private:
    void start(std::size_t which);
    void wait_for_something();
    bool receive(Running& one);
    void finish(Running& one);

    const Grading& grading_;
    const std::vector<Submission>& submissions_;
    std::vector<Grade> grades_;
    std::vector<Running> running_;
    std::size_t next_ = 0;
};

void Grader::start(std::size_t which) {
    const Submission& submission = submissions_[which];
    Running one{.which = which, .note = submission.fault};
    try {
        if (one.note.empty()) {
            one.sandbox = start_in_sandbox(plan_for(grading_, submission, which));
            one.end = Clock::now() + grading_.time_limit;
            return running_.push_back(std::move(one));
        }
    } catch (const std::exception& error) {
        one.note = std::string{"not graded: "} + error.what();
    }
    finish(one);
}

// False at the end: it has said all, more than all, or its time is up.
bool Grader::receive(Running& one) {
    if (Clock::now() >= one.end) {
        one.note = "time is up after " + std::to_string(grading_.time_limit.count()) + " s";
        return false;
    }
    pollfd ready{one.sandbox.output.get(), POLLIN, 0};
    if (::poll(&ready, 1, 0) != 1) return true;
    char piece[65536];
    const auto count =
        check(retry([&] { return ::read(one.sandbox.output.get(), piece, sizeof piece); }), "read");
    one.output.append(piece, static_cast<std::size_t>(count));
    if (one.output.size() > kOutputBytesMax) one.note = "it said more than can be read";
    return count > 0 && one.note.empty();
}

void Grader::wait_for_something() {
    if (running_.empty()) return;
    std::vector<pollfd> ready;
    auto end = running_[0].end;
    for (const Running& one : running_) {
        ready.push_back({one.sandbox.output.get(), POLLIN, 0});
        end = std::min(end, one.end);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    const auto wait = static_cast<int>(std::clamp<long>(left, 0, 10'000));
    check(retry([&] { return ::poll(ready.data(), ready.size(), wait); }), "poll");
    for (std::size_t i = running_.size(); i-- > 0;) {
        if (receive(running_[i])) continue;
        finish(running_[i]);
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

void Grader::finish(Running& one) {
    one.sandbox.init = Child{};  // kills process 1, and the kernel all others
    if (one.sandbox.cgroup) one.sandbox.cgroup->remove();
    const auto marks = marks_in(one.output);
    Grade& grade = grades_[one.which];
    grade.note = one.note;
    for (const auto& name : grading_.cases) {
        const auto found = std::ranges::find(marks, name, &Mark::name);
        grade.marks.push_back(found == marks.end() ? Mark{name} : *found);
    }
    if (grade.note.empty() && marks.empty()) grade.note = "the tests were ended";
}

std::vector<Grade> grade_all(const Grading& grading, const std::vector<Submission>& submissions) {
    return Grader{grading, submissions}.run();
}
