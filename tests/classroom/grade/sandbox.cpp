#include "tests/classroom/grade/sandbox.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage3-namespaces/child_report.hpp"
#include "stage3-namespaces/init.hpp"
#include "stage3-namespaces/namespaces.hpp"
#include "stage4-chroot/temporary_root.hpp"
#include "tests/classroom/grade/sandbox_mounts.hpp"

static constexpr std::uint64_t kMemoryBytesMax = 1u << 30;
static constexpr rlim_t kProcessesMax = 512;
static constexpr rlim_t kFileBytesMax = 256u << 20;
static constexpr rlim_t kDescriptorsMax = 16384;
static constexpr rlim_t kCpuSecondsMax = 300;
static constexpr unsigned kOneProcessor = 1024;
// From here on, numbers that no account has.
static constexpr uid_t kFirstUser = 1'900'000'000;

static bool are_root() {
    return ::geteuid() == 0;
}

// As many limits as there can be: the rlimits below hold in any case.
static std::unique_ptr<Cgroup> limited_group() {
    auto group = std::make_unique<Cgroup>(random_id());
    const auto attempt = [](auto set) {
        try {
            set();
        } catch (const std::runtime_error&) {
            // No such controller here, or not ours to set.
        }
    };
    attempt([&] { group->limit_memory(kMemoryBytesMax); });
    attempt([&] { group->limit_pids(kProcessesMax); });
    attempt([&] { group->limit_cpu(kOneProcessor); });
    return group;
}

static void limit(int resource, rlim_t most) {
    rlimit now{};
    check(::getrlimit(static_cast<__rlimit_resource>(resource), &now), "getrlimit");
    const rlimit wanted{std::min(most, now.rlim_max), std::min(most, now.rlim_max)};
    check(::setrlimit(static_cast<__rlimit_resource>(resource), &wanted), "setrlimit");
}

static void limit_resources() {
    limit(RLIMIT_NPROC, kProcessesMax);
    limit(RLIMIT_FSIZE, kFileBytesMax);
    limit(RLIMIT_NOFILE, kDescriptorsMax);
    limit(RLIMIT_CPU, kCpuSecondsMax);
    limit(RLIMIT_DATA, kMemoryBytesMax);
    limit(RLIMIT_CORE, 0);
    // If memory ends all the same, it is here that the kernel looks first.
    write_control_file("/proc/self/oom_score_adj", "1000");
}

// As root: a user that owns nothing. Otherwise we are ourselves, but without rights over anything
// outside, since exec takes the capabilities from a user that is not root.
static void become_nobody(int number) {
    if (!are_root()) return;
    const uid_t user = kFirstUser + static_cast<uid_t>(number);
    check(::setgroups(0, nullptr), "setgroups");
    check(::setresgid(user, user, user), "setresgid");
    check(::setresuid(user, user, user), "setresuid");
}

struct Parts {
    const SandboxPlan& plan;
    const Cgroup& cgroup;
    const SandboxMounts& mounts;
    int output;
};

[[noreturn]] static void become_sandbox(const Parts& parts, ChildReport& report) noexcept {
    try {
        report.wait_for_parent();
        parts.cgroup.join();
        // Without a terminal nothing can be typed into it.
        check(::setsid(), "setsid");
        make_mounts_private();
        mount_new_proc();
        arrange_mounts(parts.mounts);
        bring_loopback_up();
        limit_resources();
        become_nobody(parts.plan.number);
        report.die_with_parent();
        const Fd null{check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open", "/dev/null")};
        duplicate_onto(null.get(), STDIN_FILENO);
        duplicate_onto(parts.output, STDOUT_FILENO);
        duplicate_onto(parts.output, STDERR_FILENO);
        check(::chdir(kWorkInside.c_str()), "chdir", kWorkInside);
        // Our output is the tests', and so is of no concern to what they start.
        check(::prctl(PR_SET_DUMPABLE, 0), "prctl", "PR_SET_DUMPABLE");
        run_as_init([&] {
            reset_signals();
            close_on_exec_from(3);
            execute(parts.plan.command, parts.plan.environment);
        });
    } catch (const std::exception& error) {
        report.give_up(error);
    }
    ::_exit(125);
}

// Ourselves inside as outside: so the program under test meets what an ordinary user meets.
static void map_to_itself(pid_t child) {
    const std::string directory = "/proc/" + std::to_string(child);
    const auto line = [](auto id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; };
    write_control_file(directory + "/setgroups", "deny");
    write_control_file(directory + "/uid_map", line(::geteuid()));
    write_control_file(directory + "/gid_map", line(::getegid()));
}

Sandbox start_in_sandbox(const SandboxPlan& plan) {
    NamespaceSet namespaces =
        CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
    if (!are_root()) namespaces |= CLONE_NEWUSER;
    Sandbox sandbox{.cgroup = limited_group(), .output = {}, .init = {}};
    const SandboxMounts mounts{plan.build, plan.submission, plan.programs, plan.hidden};
    Pipe output = make_pipe();
    ChildReport report;
    const pid_t pid = sandbox.cgroup->fork_into(namespaces);
    if (pid == 0) {
        become_sandbox({plan, *sandbox.cgroup, mounts, output.write_end.get()}, report);
    }
    sandbox.init = Child{pid};
    if (!are_root()) map_to_itself(pid);
    report.open_gate();
    report.expect_success();
    sandbox.output = std::move(output.read_end);
    return sandbox;
}
