#include "stage6-daemon-shim/core/runtime/join.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/runtime/steps.hpp"

// What a launch does from its step 11 on: the same for every process of the container.
[[noreturn]] static void become_process(const JoinPlan& plan, ChildReport& report) noexcept {
    try {
        report.wait_for_parent();
        if (plan.spec.user_map.size != 0) become_mapped_root();
        const ProcessSpec& process = plan.spec.process;
        Launch launch{plan.spec, plan.cgroup, plan.streams, report, process.user, process.env};
        launch.is_first_process = false;
        run_steps(launch, plan.feature_steps, kFirstStepOfProcess);
        become_program(launch);
    } catch (const std::exception& error) {
        report.give_up(error);
    }
    ::_exit(125);
}

static pid_t start_sibling() {
    clone_args arguments{};
    arguments.flags = CLONE_PARENT;
    return clone_process(arguments);
}

[[noreturn]] static void go_inside(const JoinPlan& plan, ChildReport& report, int answer) noexcept {
    try {
        // What runs inside could else reach our descriptors through /proc/PID/fd, or trace us,
        // before the exec (CVE-2016-9962). It counts until then.
        check(::prctl(PR_SET_DUMPABLE, 0), "prctl", "PR_SET_DUMPABLE");
        if (plan.cgroup != nullptr) plan.cgroup->join();
        // As another user it could not.
        if (plan.spec.user_map.size != 0) set_oom_score(plan.spec.process.oom_score_adj);
        fail_point<"go inside the container">();
        if (plan.spec.namespaces != 0) {
            check(::setns(plan.container, static_cast<int>(plan.spec.namespaces)), "setns",
                  "the container's namespaces");
        }
        fail_point<"fork an exec's process">();
        const pid_t pid = start_sibling();
        if (pid == 0) become_process(plan, report);
        write_all(answer, {reinterpret_cast<const char*>(&pid), sizeof pid}, "the shim's pipe");
        ::_exit(0);
    } catch (const std::exception& error) {
        report.give_up(error);
    }
    ::_exit(125);
}

Fd join(const JoinPlan& plan, ChildReport& report) {
    hand_over_streams(plan.streams, plan.spec.user_map);
    Pipe answer = make_pipe();
    const pid_t pid = plan.cgroup != nullptr ? plan.cgroup->fork_into(0) : fork_into_namespaces(0);
    if (pid == 0) go_inside(plan, report, answer.write_end.get());
    return std::move(answer.read_end);
}
