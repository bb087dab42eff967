#include "stage6-daemon-shim/core/runtime/launch.hpp"

#include <linux/sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iterator>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage3-namespaces/init.hpp"
#include "stage3-namespaces/user_namespace.hpp"
#include "stage6-daemon-shim/core/runtime/steps.hpp"

// The order of a launch. Each number has its reason in the one before; 9, 13 and 14 are features'.
static constexpr LaunchStep kSteps[] = {
    // 1, new namespaces, and 2, the maps of user ids, are the parent's: see launch().
    {3, join_cgroup},          // from here on the limits count
    {4, hide_cgroup_tree},     // after joining: its root is the group in which we are now
    {5, keep_mounts_private},  // before the first mount
    {6, mount_root},           // an overlay of layers, or a directory
    {7, mount_inside_root},    // by descriptor: no link in the root leads out
    {8, enter_root},           // the last moment at which the host's paths mean anything
    {10, name_and_loopback},   // of its own namespaces
    {11, prepare_process},     // while we still may do everything
    {12, take_identity},       // after all that only root may do
    {15, clean_inheritance},   // after the last thing that opens a descriptor
    // 16, the exec, is become_program(), perhaps in the child of a small init.
};
static constexpr int kLastStep = 15;

static void run_steps(Launch& launch, std::span<const LaunchStep> feature_steps) {
    for (int number = kSteps[0].number; number <= kLastStep; ++number) {
        for (const LaunchStep& step : kSteps) {
            if (step.number == number) step.run(launch);
        }
        for (const LaunchStep& step : feature_steps) {
            if (step.number == number) step.run(launch);
        }
    }
}

// The child. It leaves by exec or by give_up, and touches no owner of its parent's.
[[noreturn]] static void become_container(const LaunchPlan& plan, ChildReport& report) noexcept {
    try {
        report.wait_for_parent();
        const ProcessSpec& process = plan.spec.process;
        Launch launch{plan.spec, plan.cgroup, plan.streams, report, process.user, process.env};
        run_steps(launch, plan.feature_steps);
        if (plan.spec.init) {
            run_as_init([&] {
                try {
                    become_program(launch);
                } catch (const std::exception& error) {
                    report.give_up(error);
                }
            });
        }
        become_program(launch);  // 16
    } catch (const std::exception& error) {
        report.give_up(error);
    }
    ::_exit(125);
}

static void make_overlay_directories(const OverlaySpec& overlay) {
    if (overlay.lower.empty()) return;
    for (const std::string& path : {overlay.upper, overlay.work}) {
        // The root's own mode is that of `upper`, whatever our umask.
        if (::mkdir(path.c_str(), 0755) == 0) {
            check(::chmod(path.c_str(), 0755), "chmod", path);
        } else if (errno != EEXIST) {
            throw SystemError{errno, "mkdir", path};
        }
    }
}

Child launch(const LaunchPlan& plan, ChildReport& report) {
    const Spec& spec = plan.spec;
    make_overlay_directories(spec.overlay);
    const pid_t pid = plan.cgroup != nullptr ? plan.cgroup->fork_into(spec.namespaces)
                                             : fork_into_namespaces(spec.namespaces);
    if (pid == 0) become_container(plan, report);
    Child child{pid};
    if (spec.namespaces & CLONE_NEWUSER) map_root_to_caller(pid);
    report.open_gate();
    return child;
}
