// Stage 5: how much it may use. Uses stage 4 (the root), stage 3 (namespaces) and common/.
//
// The articles' complete runtime: article 3 steps 3 and 4, article 4 steps 3 and 4.

#include <linux/sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "common/error.hpp"
#include "common/process.hpp"
#include "stage3-namespaces/child_report.hpp"
#include "stage3-namespaces/init.hpp"
#include "stage3-namespaces/namespaces.hpp"
#include "stage3-namespaces/narration.hpp"
#include "stage3-namespaces/orphans.hpp"
#include "stage3-namespaces/user_namespace.hpp"
#include "stage3-namespaces/wait_for_container.hpp"
#include "stage4-chroot/binds.hpp"
#include "stage4-chroot/enter_root.hpp"
#include "stage4-chroot/janitor.hpp"
#include "stage4-chroot/root_options.hpp"
#include "stage4-chroot/temporary_root.hpp"
#include "stage4-chroot/working_directory.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "stage5-cgroups/limits.hpp"
#include "stage5-cgroups/request.hpp"
#include "stage5-cgroups/statistics.hpp"

[[noreturn]] static void become_container(const ContainerRequest& request, const Cgroup& cgroup,
                                          ChildReport& report) noexcept {
    try {
        const IsolationOptions& isolation = request.isolation;
        const Narrator narrator{isolation.quiet};
        const std::string tag = "[" + request.id + "] ";
        report.wait_for_parent();
        cgroup.join();  // before anything else is done: from here on the limits count
        if (isolation.has(CLONE_NEWCGROUP)) enter_cgroup_namespace();
        if (isolation.has(CLONE_NEWUTS)) set_hostname(isolation.hostname);

        make_mounts_private();
        const Fd root = attach_root(request.root.rootfs);
        mount_system_directories(root.get(), root_context(isolation));
        if (isolation.has(CLONE_NEWCGROUP)) cgroup.mount_in(root.get());
        mount_binds(root.get(), request.root.binds);
        if (request.root.read_only) make_root_read_only(root.get());
        if (request.root.use_chroot) {
            enter_by_chroot(root.get());
        } else {
            enter_by_pivot_root(root.get());
        }
        enter_working_directory(request.root.working_directory);
        narrator.say(tag + "Filesystem isolated (root: " + request.root.rootfs + ")");
        if (isolation.has(CLONE_NEWNET)) {
            bring_loopback_up();
            narrator.say(tag + "Network namespace created");
        }
        narrator.say("Child: Running " + bracketed(request.command) + " as PID " +
                     std::to_string(::getpid()));
        narrator.say(tag + "Container ready!");
        narrator.say(std::string(60, '='));

        const auto become_command = [&] {
            ::umask(022);
            reset_signals();
            close_on_exec_from(3);
            execute(request.command,
                    container_environment(isolation.hostname, request.environment));
        };
        if (isolation.init) run_as_init(become_command);
        become_command();
    } catch (const std::exception& error) {
        report.give_up(error);
    }
    ::_exit(125);
}

static int run(ContainerRequest request) {
    // 1. From here on signals are data: none of them ends us before we have cleaned up.
    SignalFd signals{kSignalsOfRunner};
    const Explainer explainer{request.isolation.explain};
    const Narrator narrator{request.isolation.quiet};
    const std::string tag = "[" + request.id + "] ";
    narrator.say(tag + "Starting container...");
    narrator.say(tag + "Command: " + joined(request.command));

    // 2. Names for all that we shall make, and a janitor who knows them. Declared first, gone last.
    std::optional<Janitor> janitor;
    TemporaryRoot temporary_root;
    Cgroup cgroup{request.id};
    janitor.emplace([groups = cgroup.directories(), root = temporary_root.path()] {
        remove_cgroups(groups);
        remove_tree_of_dying(root);
    });

    // 3. A root file system: a directory of the caller's, or a temporary one.
    const bool is_host = request.image == "host";
    request.root.rootfs = is_host ? make_host_root(temporary_root, narrator) : request.image;

    // 4. The cgroup with its limits, before there is anything to put in it.
    request.limits = apply_limits(cgroup, request.limits, narrator, request.id);

    // 5. Start the child in its own namespaces and in the cgroup.
    narrator.say("Parent: Running " + bracketed(request.command) + " as PID " +
                 std::to_string(::getpid()));
    ChildReport report;
    std::vector<pid_t> earlier_children;  // the janitor
    if (!request.isolation.has(CLONE_NEWPID)) earlier_children = adopt_orphans();
    const pid_t pid = cgroup.fork_into(request.isolation.namespaces);
    if (pid == 0) become_container(request, cgroup, report);
    Child child{pid};
    if (request.isolation.has(CLONE_NEWUSER)) map_root_to_caller(pid);
    report.open_gate();

    // 6. It runs, or we know why not.
    report.expect_success();

    // 7. Its result is our result; what it used is told before the groups that know it go.
    const int exit_code = wait_for_container(child, signals);
    if (!request.isolation.has(CLONE_NEWPID)) end_orphans(earlier_children);
    tell_usage(cgroup.directories(), request.limits, exit_code, request.stats);
    for (const auto& group : cgroup.remove()) narrator.say("Warning: " + text_of_left(group));
    narrator.say(tag + "Container stopped");
    return exit_code;
}

int main(int argc, char** argv) try {
    ensure_standard_streams();
    return run(parse_container_request(arguments_of(argc, argv)));
} catch (const ChildFailed& error) {
    return report_failure("stage5-cgroups", error, error.exit_code());
} catch (const std::exception& error) {
    return report_failure("stage5-cgroups", error, 125);
}
