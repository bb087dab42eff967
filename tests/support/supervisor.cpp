#include "tests/support/supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/leak_check.hpp"
#include "tests/support/transcript.hpp"

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

static constexpr int kReportFd = 3;
// For what is left when a case has ended: what sleeps stays, what does not is perhaps just ending.
static constexpr milliseconds kGraceForSleeping{1000}, kGraceForBusy{10000}, kGraceForKilled{10000};

struct Outcome {
    Verdict verdict = Verdict::failed;
    std::string text;
};

// The case's own TMPDIR: made here, removed at the end.
class SandboxDirectory {
public:
    explicit SandboxDirectory(const std::string& name) {
        const char* place = std::getenv("TMPDIR");
        path_ = (place == nullptr ? std::string{"/tmp"} : place) + "/" + name;
        check(::mkdir(path_.c_str(), 0700), "mkdir", path_);
        check(::chmod(path_.c_str(), 0755), "chmod", path_);  // a container's user has to pass
    }
    SandboxDirectory(const SandboxDirectory&) = delete;
    SandboxDirectory& operator=(const SandboxDirectory&) = delete;
    ~SandboxDirectory() { remove_directory(path_); }

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

// A mount namespace of our own in which nothing that is mounted reaches the host. Left at the end,
// before the TMPDIR is removed: nobody deletes through a mount that a case has left there.
class PrivateMounts {
public:
    explicit PrivateMounts(bool wanted) {
        if (!wanted) return;
        host_ = Fd{check(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), "open", "ns/mnt")};
        if (::unshare(CLONE_NEWNS) == -1 && errno == EPERM) {
            host_.close();  // root in a container without the capability
            return;
        }
        check(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount private", "/");
    }
    PrivateMounts(const PrivateMounts&) = delete;
    PrivateMounts& operator=(const PrivateMounts&) = delete;
    ~PrivateMounts() {
        if (host_) ::setns(host_.get(), CLONE_NEWNS);
    }

    bool are_private() const { return static_cast<bool>(host_); }

private:
    Fd host_;
};

static void become_subreaper(pid_t runner) {
    ::setpgid(0, 0);  // Ctrl-C is for the runner, which tells us
    check(::prctl(PR_SET_NAME, "slipway-case"), "prctl", "PR_SET_NAME");
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
    check(::prctl(PR_SET_PDEATHSIG, SIGTERM), "prctl", "PR_SET_PDEATHSIG");
    if (::getppid() != runner) throw Failure{"the runner is gone"};
}

struct CaseStreams {
    int output, report;
};

[[noreturn]] static void become_case(const Supervision& supervision, const std::string& directory,
                                     const CaseStreams& streams) noexcept {
    try {
        ::setpgid(0, 0);
        ::umask(022);  // not the caller's: what a program makes has the mode that is expected
        check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl", "PR_SET_PDEATHSIG");
        const Fd null{check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open", "/dev/null")};
        duplicate_onto(null.get(), STDIN_FILENO);
        duplicate_onto(streams.output, STDOUT_FILENO);
        duplicate_onto(streams.output, STDERR_FILENO);
        duplicate_onto(streams.report, kReportFd);
        ::setenv("TMPDIR", directory.c_str(), 1);
        ::setenv("HOME", directory.c_str(), 1);  // what a program writes there is seen, and goes
        ::setenv(kSeedVariable, std::to_string(supervision.seed).c_str(), 1);
        ::setenv(kNameVariable, supervision.test.name.c_str(), 1);
        ::setenv(kReportVariable, std::to_string(kReportFd).c_str(), 1);
        ::unsetenv("PYTHONUNBUFFERED");  // a manager in Python that forgets to flush must fail
        reset_signals();
        execute({own_program(), "--case", supervision.test.name}, current_environment());
    } catch (const std::exception& error) {
        ::_exit(report_failure("slipway-tests", error, 1));
    }
}

// A case at work and what it has said so far.
class RunningCase {
public:
    RunningCase(const Supervision& supervision, const std::string& directory) {
        Pipe output = make_pipe();
        Pipe report = make_pipe();
        pid_ = check(::fork(), "fork");
        if (pid_ == 0) {
            become_case(supervision, directory, {output.write_end.get(), report.write_end.get()});
        }
        for (const Fd* end : {&output.read_end, &report.read_end}) {
            check(::fcntl(end->get(), F_SETFL, O_NONBLOCK), "fcntl F_SETFL");
        }
        output_ = std::move(output.read_end);
        report_ = std::move(report.read_end);
    }

    // False when the deadline passed or somebody wants us to end; the case may then live.
    bool wait_for_end(SignalFd& signals, milliseconds deadline);

    void drain() {
        receive(output_, transcript_);
        receive(report_, reason_);
    }

    // Children that have ended, its own or adopted ones: a zombie would still look alive to a test.
    // True while there is a child.
    bool reap();

    bool interrupted() const { return interrupted_; }
    std::optional<int> status() const { return status_; }
    std::string transcript() const { return transcript_.text(); }
    std::string reason() const { return reason_.text(); }
    void wait_for_signal(SignalFd& signals, milliseconds at_most);

private:
    static void receive(Fd& stream, Transcript& text);

    pid_t pid_ = 0;
    Fd output_, report_;
    Transcript transcript_, reason_;
    std::optional<int> status_;
    bool interrupted_ = false;
};

void RunningCase::receive(Fd& stream, Transcript& text) {
    std::array<char, 65536> piece;
    while (stream) {
        const auto count = retry([&] { return ::read(stream.get(), piece.data(), piece.size()); });
        if (count == -1 && errno == EAGAIN) return;
        if (count <= 0) return stream.close();
        text.add({piece.data(), static_cast<std::size_t>(count)});
    }
}

bool RunningCase::reap() {
    while (true) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, WNOHANG);
        if (pid <= 0) return pid == 0;
        if (pid == pid_) status_ = status;
    }
}

void RunningCase::wait_for_signal(SignalFd& signals, milliseconds at_most) {
    std::array<pollfd, 3> ready{
        {{output_.get(), POLLIN, 0}, {report_.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}}};
    const auto timeout = static_cast<int>(std::max<milliseconds::rep>(at_most.count(), 0));
    check(retry([&] { return ::poll(ready.data(), ready.size(), timeout); }), "poll");
    drain();
    if (ready[2].revents != 0 && signals.next().ssi_signo != SIGCHLD) interrupted_ = true;
}

bool RunningCase::wait_for_end(SignalFd& signals, milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    while (reap(), !status_) {
        if (Clock::now() >= end || interrupted_) return false;
        wait_for_signal(signals, std::chrono::ceil<milliseconds>(end - Clock::now()));
    }
    drain();
    return true;
}

// Waits until no child is left. False at the deadline.
static bool wait_for_descendants(RunningCase& running, SignalFd& signals, milliseconds grace) {
    const auto end = Clock::now() + grace;
    while (running.reap()) {
        if (Clock::now() >= end) return false;
        running.wait_for_signal(signals, std::chrono::ceil<milliseconds>(end - Clock::now()));
    }
    return true;
}

// Whoever has lost a parent is a child of ours: without a child nobody is left.
static bool have_all_ended(RunningCase& running, SignalFd& signals) {
    const auto end = Clock::now() + kGraceForBusy;
    bool none_left = false;
    do {
        none_left = wait_for_descendants(running, signals, kGraceForSleeping);
    } while (!none_left && Clock::now() < end && is_any_busy(living_descendants()));
    return none_left;
}

static void kill_descendants(RunningCase& running, SignalFd& signals,
                             const std::optional<CaseCgroups>& cgroups) {
    const auto end = Clock::now() + kGraceForKilled;
    do {
        if (cgroups) cgroups->thaw();
        for (const auto& process : living_descendants()) ::kill(process.pid, SIGKILL);
    } while (!wait_for_descendants(running, signals, milliseconds{100}) && Clock::now() < end);
}

// What the case's leaks are measured by. Without a namespace of our own others may mount at the
// same time, and so they may make cgroups: then these are looked at only when the case runs alone.
struct Sandbox {
    Sandbox(const Supervision& supervision, const CgroupPlaces& places)
        : directory{supervision.sandbox_name},
          mounts{supervision.isolated},
          shared_places{supervision.test.has("[serial]") ? &places : nullptr} {
        if (supervision.isolated) cgroups.emplace(places.all(), supervision.sandbox_name);
    }

    Snapshot look_around() const {
        Snapshot snapshot;
        snapshot.interfaces = network_interfaces_now();
        if (mounts.are_private() || shared_places != nullptr) snapshot.mounts = mounts_now();
        if (shared_places != nullptr) {
            const auto groups = shared_places->groups_of_engine();
            snapshot.cgroups = {groups.begin(), groups.end()};
        }
        return snapshot;
    }

    // The destructors run backwards: out of the cgroups, out of the namespace, then the files.
    const SandboxDirectory directory;
    const PrivateMounts mounts;
    const CgroupPlaces* const shared_places;
    std::optional<CaseCgroups> cgroups;
};

static void add_living(const std::string& what, std::vector<std::string>& sentences) {
    for (const auto& process : living_descendants()) {
        sentences.push_back(what + ": " + std::to_string(process.pid) + " " + process.command_line);
    }
}

static void add_leaks(const Sandbox& sandbox, const Snapshot& before,
                      std::vector<std::string>& sentences) {
    try {
        for (auto& text : differences(before, sandbox.look_around())) sentences.push_back(text);
    } catch (const SystemError& error) {
        sentences.push_back("a mount left behind covers what there was (" +
                            std::string{error.what()} +
                            "): are the mounts of the container private?");
    }
    if (sandbox.cgroups) {
        for (const auto& group : sandbox.cgroups->left_behind()) {
            sentences.push_back("cgroup left behind: " + group);
        }
    }
    for (const auto& name : files_left_in(sandbox.directory.path())) {
        sentences.push_back("file left behind in $TMPDIR or $HOME: " + printable(name));
    }
}

static Outcome judge(const RunningCase& running) {
    const int code = exit_code_for(running.status().value());
    if (code == kSkippedExitCode) return {Verdict::skipped, running.reason()};
    if (code == 0) return {Verdict::passed, ""};
    std::string text = running.transcript();
    if (WIFSIGNALED(running.status().value())) {
        text += "the case was killed by signal " + std::to_string(code - 128) + "\n";
    }
    return {Verdict::failed, text};
}

// A case that failed has said hints; where it was content, what it has left behind asks for one.
static Outcome with_faults(Outcome outcome, const std::vector<std::string>& faults,
                           const std::string& hints) {
    const bool was_content = outcome.verdict != Verdict::failed;
    if (was_content && faults.empty()) return outcome;
    if (was_content) outcome = {Verdict::failed, ""};
    for (const auto& fault : faults) outcome.text += fault + "\n";
    const std::string advice = was_content ? hint_about_leak(faults[0]) : "";
    outcome.text += advice.empty() ? hints : "hint: " + advice + "\n";
    return outcome;
}

static Outcome run_supervised(const Supervision& supervision, const CgroupPlaces& places) {
    SignalFd signals{SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    const Sandbox sandbox{supervision, places};
    const Snapshot before = sandbox.look_around();
    RunningCase running{supervision, sandbox.directory.path()};
    Outcome outcome;
    std::vector<std::string> faults;
    if (running.wait_for_end(signals, supervision.deadline)) {
        outcome = judge(running);
        if (!have_all_ended(running, signals)) {
            add_living("process left behind", faults);
            kill_descendants(running, signals, sandbox.cgroups);
        }
        add_leaks(sandbox, before, faults);
    } else {
        const auto seconds = std::to_string(supervision.deadline.count() / 1000);
        outcome = {Verdict::failed, running.transcript()};
        faults = {running.interrupted() ? "interrupted" : "no end after " + seconds + " s: killed"};
        add_living("still running", faults);
        kill_descendants(running, signals, sandbox.cgroups);
    }
    return with_faults(outcome, faults, running.reason());
}

[[noreturn]] static void become_supervisor(const Supervision& supervision,
                                           const CgroupPlaces& places, pid_t runner,
                                           int report) noexcept {
    Outcome outcome;
    try {
        become_subreaper(runner);
        outcome = run_supervised(supervision, places);
    } catch (const std::exception& error) {
        outcome = {Verdict::failed, "the runner itself failed: " + std::string{error.what()}};
    }
    try {
        write_all(report, static_cast<char>(outcome.verdict) + outcome.text, "report");
    } catch (const std::exception&) {
        ::_exit(1);  // the runner is gone: nobody wants the report
    }
    ::_exit(0);
}

Supervised supervise(const Supervision& supervision, const CgroupPlaces& places) {
    Pipe report = make_pipe();
    const pid_t runner = ::getpid();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) become_supervisor(supervision, places, runner, report.write_end.get());
    return {Child{pid}, std::move(report.read_end)};
}
