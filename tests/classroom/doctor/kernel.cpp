#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "stage3-namespaces/child_report.hpp"
#include "stage3-namespaces/namespaces.hpp"
#include "stage3-namespaces/user_namespace.hpp"
#include "stage4-chroot/overlay_probe.hpp"
#include "tests/classroom/doctor/findings.hpp"

static Row system_row() {
    utsname name{};
    check(::uname(&name), "uname");
    const std::string machine = name.machine;
    const std::string text = std::string{name.sysname} + " " + name.release + ", " + machine;
    if (machine == "x86_64" || machine == "aarch64") return {"system", Finding::here, text};
    return {"system", Finding::absent, text + ": x86_64 and aarch64 are what it is made for"};
}

[[noreturn]] static void become_first_process(NamespaceSet namespaces,
                                              ChildReport& report) noexcept {
    try {
        report.wait_for_parent();
        if ((namespaces & CLONE_NEWNS) != 0) make_mounts_private();
        if ((namespaces & CLONE_NEWPID) != 0) mount_new_proc();
    } catch (const std::exception& error) {
        report.give_up(error);
    }
    ::_exit(0);
}

// Starts a process in these namespaces, as the stages do; what stands in the way, else nothing.
static std::string why_not_in(NamespaceSet namespaces) {
    try {
        ChildReport report;
        const pid_t pid = fork_into_namespaces(namespaces);
        if (pid == 0) become_first_process(namespaces, report);
        Child child{pid};
        if ((namespaces & CLONE_NEWUSER) != 0) map_root_to_caller(pid);
        report.open_gate();
        report.expect_success();
        child.wait();
        return {};
    } catch (const std::exception& error) {
        return error.what();
    }
}

// Root needs none of its own; everybody else cannot start a container without.
static Row user_namespaces() {
    const bool as_root = ::geteuid() == 0;
    const std::string why_not = why_not_in(CLONE_NEWUSER);
    if (why_not.empty()) return {"user namespace", Finding::here, "for ordinary users too"};
    if (as_root) return {"user namespace", Finding::absent, why_not + "; root does without"};
    return {"user namespace", Finding::obstacle, why_not};
}

static Row containers() {
    const bool as_root = ::geteuid() == 0;
    const NamespaceSet namespaces = default_namespaces() | (as_root ? 0u : CLONE_NEWUSER);
    const std::string why_not = why_not_in(namespaces);
    if (why_not.empty()) {
        return {"a container", Finding::here, as_root ? "as root" : "without root"};
    }
    return {"a container", Finding::obstacle,
            why_not + (as_root ? " (inside docker: docker run --privileged)" : "")};
}

// Asked with arguments that no call takes: all but ENOSYS says that it is there.
static bool has_call(long number) {
    return ::syscall(number, -1, nullptr, nullptr, 0) != -1 || errno != ENOSYS;
}

static Row call(const std::string& name, long number, Finding without, const std::string& way_out) {
    if (has_call(number)) return {name, Finding::here, "system call"};
    return {name, without, way_out};
}

static Row seccomp() {
    const std::uint32_t action = SECCOMP_RET_ERRNO;
    const auto answer = ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
    if (answer == 0) return {"seccomp", Finding::here, "filters of system calls"};
    return {"seccomp", Finding::absent, "this kernel has no filters: containers run without"};
}

static Row overlay() {
    const std::string who = ::geteuid() == 0 ? "as root" : "without root";
    if (can_mount_overlay("/tmp")) return {"overlay", Finding::here, who};
    return {"overlay", Finding::absent, "not " + who + ": containers get a copy of their image"};
}

static Row apparmor() {
    const std::string path = "/sys/module/apparmor/parameters/enabled";
    if (!file_exists(path) || !read_file(path).starts_with("Y")) {
        return {"AppArmor", Finding::here, "not in the way"};
    }
    const std::string rule = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
    if (!file_exists(rule) || !read_file(rule).starts_with("1")) {
        return {"AppArmor", Finding::here, "on, and lets ordinary users have user namespaces"};
    }
    return {"AppArmor", Finding::absent,
            "keeps user namespaces from ordinary users (the rule of Ubuntu 24.04): "
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run as root"};
}

Rows rows_of_kernel() {
    const std::string old = "a newer kernel, 5.12 or later, or a sandbox that lets it through";
    return {
        system_row(),
        {"user", Finding::here, ::geteuid() == 0 ? "root" : "an ordinary one"},
        user_namespaces(),
        apparmor(),
        containers(),
        call("clone3", SYS_clone3, Finding::absent, "forbidden here: clone is called instead"),
        call("openat2", SYS_openat2, Finding::obstacle, "stage 4 needs it: " + old),
        call("mount_setattr", SYS_mount_setattr, Finding::obstacle, "stage 4 needs it: " + old),
        call("pidfd_open", SYS_pidfd_open, Finding::obstacle, "stage 6 needs it: " + old),
        seccomp(),
        overlay(),
    };
}
