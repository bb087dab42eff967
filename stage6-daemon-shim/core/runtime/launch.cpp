#include "stage6-daemon-shim/core/runtime/launch.hpp"

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage3-namespaces/init.hpp"
#include "stage3-namespaces/user_namespace.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
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

void run_steps(Launch& launch, std::span<const LaunchStep> feature_steps, int first) {
    for (int number = first; number <= kLastStep; ++number) {
        for (const LaunchStep& step : kSteps) {
            if (step.number == number) step.run(launch);
        }
        for (const LaunchStep& step : feature_steps) {
            if (step.number == number) step.run(launch);
        }
    }
}

// The child. It leaves by exec or by give_up, and touches no owner of its parent's.
[[noreturn]] static void become_container(const LaunchPlan& plan, OutsideMounts& outside,
                                          ChildReport& report) noexcept {
    try {
        report.wait_for_parent();
        fail_point<"begin a container's first process">();
        if (plan.spec.user_map.size != 0) {
            become_mapped_root();
            // For the steps that write there. Nobody else is in this namespace yet.
            check(::prctl(PR_SET_DUMPABLE, 1), "prctl", "PR_SET_DUMPABLE");
            report.die_with_parent();
        }
        const ProcessSpec& process = plan.spec.process;
        Launch launch{plan.spec,    plan.cgroup, plan.streams, report,
                      process.user, process.env, &outside};
        run_steps(launch, plan.feature_steps, kSteps[0].number);
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

// A volatile overlay marks its work directory, and is not mounted where it finds the mark: who
// knows what a power cut has left in `upper`. Here there was none, for it would have taken the
// container.
static void allow_another_mount(const OverlaySpec& overlay) {
    std::string path = overlay.work;
    for (const char* name : {"/work", "/incompat", "/volatile"}) {
        path += name;
        ::chmod(path.c_str(), 0700);  // without root: overlay leaves them with mode 0
    }
    ::unlink((path + "/dirty").c_str());
    ::rmdir(path.c_str());
}

static void make_overlay_directories(const OverlaySpec& overlay) {
    if (overlay.lower.empty()) return;
    fail_point<"make the overlay's directories">();
    for (const std::string& path : {overlay.upper, overlay.work}) {
        // The root's own mode is that of `upper`, whatever our umask.
        if (::mkdir(path.c_str(), 0755) == 0) {
            check(::chmod(path.c_str(), 0755), "chmod", path);
        } else if (errno != EEXIST) {
            throw SystemError{errno, "mkdir", path};
        }
    }
    if (overlay.is_volatile) allow_another_mount(overlay);
}

void hand_over_streams(const Streams& streams, const UserMapSpec& map) {
    if (map.size == 0) return;
    for (const int stream : {streams.input, streams.output, streams.error}) {
        if (stream == -1) continue;
        struct stat status {};
        check(::fstat(stream, &status), "stat", "a standard stream");
        if (S_ISFIFO(status.st_mode)) {
            check(::fchown(stream, map.uid, map.gid), "chown", "a standard stream");
        }
    }
}

static void make_missing_sources(const std::vector<MountSpec>& mounts) {
    for (const MountSpec& mount : mounts) {
        const bool makes = std::ranges::find(mount.options, kMakeSource) != mount.options.end();
        if (makes && !file_exists(mount.source)) make_directories(mount.source);
    }
}

Child launch(const LaunchPlan& plan, ChildReport& report) {
    const Spec& spec = plan.spec;
    make_missing_sources(spec.mounts);
    make_overlay_directories(spec.overlay);
    hand_over_root(spec);
    hand_over_streams(plan.streams, spec.user_map);
    OutsideMounts outside = open_outside(spec);
    const pid_t pid = plan.cgroup != nullptr ? plan.cgroup->fork_into(spec.namespaces)
                                             : fork_into_namespaces(spec.namespaces);
    if (pid == 0) become_container(plan, outside, report);
    Child child{pid};
    if (spec.user_map.size != 0) {
        write_user_map(pid, spec.user_map);
    } else if (spec.namespaces & CLONE_NEWUSER) {
        map_root_to_caller(pid);
    }
    fail_point<"open the gate of a launch">();
    report.open_gate();
    return child;
}
