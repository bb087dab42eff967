#include "stage6-daemon-shim/core/runtime/steps.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage3-namespaces/init.hpp"
#include "stage4-chroot/enter_root.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage4-chroot/working_directory.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/runtime/go_words.hpp"
#include "stage6-daemon-shim/core/runtime/propagation.hpp"

void join_cgroup(Launch& launch) {
    fail_point<"join the control group">();
    if (launch.cgroup != nullptr) launch.cgroup->join();
}

void hide_cgroup_tree(Launch& launch) {
    if (launch.has(CLONE_NEWCGROUP)) enter_cgroup_namespace();
}

void keep_mounts_private(Launch& launch) {
    if (!launch.has(CLONE_NEWNS)) return;
    fail_point<"keep the mounts private">();
    // The last moment at which the host's mounts and these hear of each other.
    const auto& mounts = launch.spec.mounts;
    auto& binds = launch.outside->binds;
    binds.resize(mounts.size());
    for (std::size_t number = 0; number < mounts.size(); ++number) {
        if (propagates(mounts[number]) && !binds[number]) {
            binds[number] = open_propagating(mounts[number]);
        }
    }
    make_mounts_private();
}

void mount_root(Launch& launch) {
    const Spec& spec = launch.spec;
    if (!spec.isolated) return;
    fail_point<"mount the root">();
    if (spec.user_map.size != 0) {
        launch.root = attach_outside_root(*launch.outside);
        return;
    }
    if (spec.overlay.lower.empty()) {
        launch.root = attach_root(spec.root_path);
        return;
    }
    const Fd place{check(::open(spec.root_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC),
                         "open the root", spec.root_path)};
    launch.root = new_overlay(spec.overlay, launch.has(CLONE_NEWUSER));
    attach_mount(launch.root.get(), place.get(), spec.root_path);
}

// As Docker does for -w: a directory that is missing is made.
static void make_working_directory(int root, const std::string& path) {
    try {
        make_directory_in_root(root, path, Links::kept_inside);
    } catch (const SystemError& error) {
        if (error.error() != ENOTDIR) throw;
        throw Failure{"Cannot mkdir: " + printable(path) + " is not a directory"};
    }
}

void mount_inside_root(Launch& launch) {
    const Spec& spec = launch.spec;
    if (!spec.isolated) return;
    const int root = launch.root.get();
    fail_point<"mount inside the root">();
    mount_system_directories(root, {.own_network = launch.has(CLONE_NEWNET),
                                    .own_ipc = launch.has(CLONE_NEWIPC),
                                    .own_pids = launch.has(CLONE_NEWPID),
                                    .memory_tmp = false});
    if (launch.has(CLONE_NEWCGROUP) && launch.cgroup != nullptr) launch.cgroup->mount_in(root);
    for (const auto& path : spec.directories) {
        make_directory_in_root(root, path, Links::kept_inside);
    }
    mount_all(root, spec.mounts, launch.outside->binds);
    make_working_directory(root, spec.process.cwd);
}

void enter_root(Launch& launch) {
    if (!launch.spec.isolated) return;
    fail_point<"enter the root">();
    // Now that every place to mount on is made.
    if (launch.spec.root_is_read_only) make_root_read_only(launch.root.get());
    enter_by_pivot_root(launch.root.get());
    launch.root.close();
    // A small init does not exec: nobody must find them in its /proc/1/fd.
    *launch.outside = {};
}

void name_and_loopback(Launch& launch) {
    fail_point<"name the container">();
    if (launch.has(CLONE_NEWUTS) && !launch.spec.hostname.empty()) {
        set_hostname(launch.spec.hostname);
    }
    if (launch.has(CLONE_NEWNET)) bring_loopback_up();
}

// The shim is protected from the OOM killer; what it starts must not inherit that.
void set_oom_score(int score) {
    try {
        write_control_file("/proc/self/oom_score_adj", std::to_string(score));
    } catch (const SystemError& error) {
        // It may always be raised. So ours is higher already, and to lower it takes privileges.
        if (error.error() != EACCES && error.error() != EPERM) throw;
    }
}

// In runc's words.
static void enter_directory_of_process(const std::string& path) {
    if (!path.starts_with('/')) throw Failure{"Cwd must be an absolute path"};
    try {
        enter_working_directory(path);
    } catch (const SystemError& error) {
        throw Failure{"chdir to cwd (\"" + printable(path) +
                      "\") set in config.json failed: " + reason_in_words_of_go(error.error())};
    }
}

void prepare_process(Launch& launch) {
    fail_point<"prepare a process">();
    set_resource_limits(launch.spec.process.rlimits);
    set_oom_score(launch.spec.process.oom_score_adj);
    // A session and a process group of its own: `stop` without isolation is killpg(3).
    check(::setsid(), "setsid");
    enter_directory_of_process(launch.spec.process.cwd);
    if (launch.spec.process.terminal) return;
    duplicate_onto(launch.streams.input, STDIN_FILENO);
    duplicate_onto(launch.streams.output, STDOUT_FILENO);
    duplicate_onto(launch.streams.error, STDERR_FILENO);
}

void take_identity(Launch& launch) {
    fail_point<"take an identity">();
    const UserSpec& user = launch.user;
    const bool is_root =
        user.uid == 0 && user.gid == 0 &&
        std::ranges::all_of(user.additional_groups, [](gid_t gid) { return gid == 0; });
    // A user namespace with one id has no groups to set, and a plain process keeps its user's.
    if (is_root && (launch.has(CLONE_NEWUSER) || !launch.spec.isolated)) return;
    check(::setgroups(user.additional_groups.size(), user.additional_groups.data()), "setgroups");
    if (is_root) return;
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        struct stat status {};
        check(::fstat(stream, &status), "stat", "a standard stream");
        // /dev/stdout is opened anew by name, and a pipe or terminal belongs to who made it.
        if (S_ISFIFO(status.st_mode) || ::isatty(stream) == 1) {
            check(::fchown(stream, user.uid, user.gid), "chown", "a standard stream");
        }
    }
    check(::setresgid(user.gid, user.gid, user.gid), "setresgid", std::to_string(user.gid));
    check(::setresuid(user.uid, user.uid, user.uid), "setresuid", std::to_string(user.uid));
    launch.report.die_with_parent();
}

void clean_inheritance(Launch&) {
    ::umask(022);
    reset_signals();
    close_on_exec_from(STDERR_FILENO + 1);
}

// runc's words: `docker run` makes its own exit code from them.
static ChildFailed in_words_of_runc(const std::string& name, int error) {
    const std::string quoted = "exec: \"" + printable(name) + "\": ";
    const bool is_path = name.find('/') != std::string::npos;
    struct stat status {};
    const bool is_there = is_path && ::stat(name.c_str(), &status) == 0;
    if (exit_code_for_exec(error) == 127) {
        if (!is_path) return {quoted + "executable file not found in $PATH", 127};
        if (!is_there) {
            return {quoted + "stat " + printable(name) + ": " + reason_in_words_of_go(error), 127};
        }
        return {quoted + reason_in_words_of_go(error) + " (its interpreter or loader is missing)",
                127};
    }
    if (is_there && S_ISDIR(status.st_mode)) return {quoted + "is a directory", 126};
    return {quoted + reason_in_words_of_go(error), 126};
}

void become_program(Launch& launch) {
    const ProcessSpec& process = launch.spec.process;
    fail_point<"execute the program">();
    try {
        execute(process.args, launch.environment);
    } catch (const ExecError& error) {
        throw in_words_of_runc(process.args[0], error.error());
    }
}
