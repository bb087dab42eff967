// Stage 4: which files it sees. Uses stage 3 (namespaces) and common/.
//
// Runs a command in a root file system of its own: article 3 step 2, article 4 step 2.

#include <linux/sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <variant>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "common/process.hpp"
#include "stage3-namespaces/child_report.hpp"
#include "stage3-namespaces/init.hpp"
#include "stage3-namespaces/namespaces.hpp"
#include "stage3-namespaces/narration.hpp"
#include "stage3-namespaces/orphans.hpp"
#include "stage3-namespaces/user_namespace.hpp"
#include "stage3-namespaces/wait_for_container.hpp"
#include "stage4-chroot/binds.hpp"
#include "stage4-chroot/breakout.hpp"
#include "stage4-chroot/enter_root.hpp"
#include "stage4-chroot/janitor.hpp"
#include "stage4-chroot/request.hpp"
#include "stage4-chroot/rootfs.hpp"
#include "stage4-chroot/temporary_root.hpp"
#include "stage4-chroot/working_directory.hpp"

[[noreturn]] static void become_container(const RunRequest& request, ChildReport& report) noexcept {
    try {
        const IsolationOptions& isolation = request.isolation;
        report.wait_for_parent();
        if (isolation.has(CLONE_NEWCGROUP)) enter_cgroup_namespace();
        if (isolation.has(CLONE_NEWUTS)) set_hostname(isolation.hostname);
        if (isolation.has(CLONE_NEWNET)) bring_loopback_up();

        // New in this stage: everything is mounted inside the root first, then the root is entered.
        make_mounts_private();
        const Fd root = attach_root(request.root.rootfs);
        mount_system_directories(root.get(), root_context(isolation));
        mount_binds(root.get(), request.root.binds);
        if (request.root.read_only) make_root_read_only(root.get());
        if (request.root.use_chroot) {
            enter_by_chroot(root.get());
        } else {
            enter_by_pivot_root(root.get());
        }
        enter_working_directory(request.root.working_directory);
        Narrator{isolation.quiet}.say("Child: Running " + bracketed(request.command) + " as PID " +
                                      std::to_string(::getpid()));

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

static int run(RunRequest request) {
    // 1. From here on signals are data: none of them ends us before we have cleaned up.
    const Narrator narrator{request.isolation.quiet};
    SignalFd signals{kSignalsOfRunner};
    const Explainer explainer{request.isolation.explain};

    // 2. A root file system: the caller's, or a temporary one from the host's own programs.
    std::optional<Janitor> janitor;
    TemporaryRoot temporary_root;
    if (request.root.rootfs.empty()) {
        janitor.emplace([path = temporary_root.path()] { remove_tree_of_dying(path); });
        request.root.rootfs = make_host_root(temporary_root, narrator);
    }

    // 3. Start the child in its own namespaces; it finds its root by itself.
    narrator.say("Parent: Running " + bracketed(request.command) + " as PID " +
                 std::to_string(::getpid()));
    ChildReport report;
    std::vector<pid_t> earlier_children;  // the janitor
    if (!request.isolation.has(CLONE_NEWPID)) earlier_children = adopt_orphans();
    const pid_t pid = fork_into_namespaces(request.isolation.namespaces);
    if (pid == 0) become_container(request, report);
    Child child{pid};
    if (request.isolation.has(CLONE_NEWUSER)) map_root_to_caller(pid);
    report.open_gate();

    // 4. It runs, or we know why not.
    report.expect_success();

    // 5. Its result is our result; then the temporary root goes.
    const int exit_code = wait_for_container(child, signals);
    if (!request.isolation.has(CLONE_NEWPID)) end_orphans(earlier_children);
    narrator.say("Container exited");
    if (janitor) narrator.say("Cleaning up " + request.root.rootfs);
    return exit_code;
}

static int make_rootfs(const RootfsRequest& request) {
    const auto missing = build_rootfs(request.directory, request.programs, host_programs());
    print("Root filesystem in " + printable(request.directory) + "\n");
    for (const auto& name : missing) print("  without " + name + ": this host does not have it\n");
    return 0;
}

int main(int argc, char** argv) try {
    ensure_standard_streams();
    const auto request = parse_root_request(arguments_of(argc, argv));
    if (const auto* rootfs = std::get_if<RootfsRequest>(&request)) return make_rootfs(*rootfs);
    if (const auto* out = std::get_if<BreakoutRequest>(&request)) break_out_of_chroot(out->command);
    return run(std::get<RunRequest>(request));
} catch (const ChildFailed& error) {
    return report_failure("stage4-chroot", error, error.exit_code());
} catch (const ExecError& error) {
    return report_failure("stage4-chroot", error, exit_code_for_exec(error.error()));
} catch (const std::exception& error) {
    return report_failure("stage4-chroot", error, 125);
}
