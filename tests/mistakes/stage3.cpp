// Namespaces gone wrong as in the articles' listings. Each plays in a mount namespace that is
// thrown away with it, so that it harms nobody.
#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "tests/mistakes/mistake.hpp"

// A machine to break: a mount namespace with / shared, as systemd leaves it. Without root it lies
// in a user namespace in which we are root.
static void enter_throw_away_machine() {
    const std::string user = std::to_string(::geteuid());
    const std::string group = std::to_string(::getegid());
    const bool is_root = ::geteuid() == 0;
    check(::unshare(CLONE_NEWNS | (is_root ? 0 : CLONE_NEWUSER)), "unshare");
    if (!is_root) {
        write_control_file("/proc/self/setgroups", "deny");
        write_control_file("/proc/self/uid_map", "0 " + user + " 1");
        write_control_file("/proc/self/gid_map", "0 " + group + " 1");
    }
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make private", "/");
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr), "make shared", "/");
}

static std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text.append(text.empty() ? "" : " ").append(word);
    return text;
}

static void say(const std::string& line) {
    print(line + "\n");
}

// As subprocess.run: a process of its own, for which it waits.
static int run_program(const std::vector<std::string>& command) {
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        try {
            execute(command, current_environment());
        } catch (const std::exception& error) {
            ::_exit(report_failure("mistake", error, 127));
        }
    }
    return Child{pid}.wait();
}

// Article 3, step 1. The caller of unshare stays where it is; the first child that it forks, here
// mount(8), becomes process 1, and its end is the end of the PID namespace.
static int unshare_without_fork(const std::vector<std::string>& command) {
    if (command.empty()) throw Failure{"usage: mistake unshare-without-fork COMMAND [ARG...]"};
    enter_throw_away_machine();
    say("Starting container with command: " + joined(command));
    say("Parent process PID: " + std::to_string(::getpid()));
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        try {
            check(::unshare(CLONE_NEWPID), "unshare");
            run_program({"mount", "-t", "proc", "proc", "/proc"});
            say("Container process PID: " + std::to_string(::getpid()));
            execute(command, current_environment());
        } catch (const std::exception& error) {
            ::_exit(report_failure("Error in container", error, 1));
        }
    }
    int status = 0;  // which nobody looks at: every command "succeeds"
    check(::waitpid(pid, &status, 0), "waitpid");
    say("Container exited");
    return 0;
}

static void say_what_proc_lists() {
    DIR* const stream = ::opendir("/proc");
    if (stream == nullptr) throw SystemError{errno, "opendir", "/proc"};
    int count = 0;
    while (const dirent* entry = ::readdir(stream)) {
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') ++count;
    }
    ::closedir(stream);
    const bool lists_us = file_exists("/proc/self/status");
    say(std::string{"host: /proc lists "} + (count > 1 ? "many processes" : "one process") +
        (lists_us ? ", this one too" : ", and not this one"));
}

// Article 3, step 2. A new mount namespace inherits that / is shared: what is mounted in it is
// mounted outside too.
static int shared_proc(const std::vector<std::string>&) {
    enter_throw_away_machine();
    say_what_proc_lists();
    Pipe mounted = make_pipe();
    Pipe seen = make_pipe();
    clone_args arguments{};
    arguments.flags = CLONE_NEWPID | CLONE_NEWNS;
    const pid_t pid = clone_process(arguments);
    if (pid == 0) {
        if (::mount("proc", "/proc", "proc", 0, nullptr) == 0) {
            say("container: mounted /proc, in a mount namespace of its own");
        }
        mounted.write_end.close();
        seen.write_end.close();
        char byte = 0;
        [[maybe_unused]] const auto count = ::read(seen.read_end.get(), &byte, 1);
        ::_exit(0);
    }
    Child child{pid};
    mounted.write_end.close();
    read_all(mounted.read_end.get(), "pipe");
    say_what_proc_lists();
    seen.write_end.close();
    return child.wait();
}

// A root that is removed with the object. The child of a fork has a copy of the object.
class TemporaryRootfs {
public:
    TemporaryRootfs() {
        check(::mkdtemp(path_.data()) == nullptr ? -1 : 0, "mkdtemp", path_);
        say("Setting up root filesystem at " + path_);
    }
    ~TemporaryRootfs() {
        say("Cleaning up " + path_ + (::getpid() == maker_ ? "" : ", which is in use"));
        if (::rmdir(path_.c_str()) == -1) say("... it is gone already");
    }
    TemporaryRootfs(const TemporaryRootfs&) = delete;
    TemporaryRootfs& operator=(const TemporaryRootfs&) = delete;

private:
    std::string path_ = "/tmp/container_rootfs_XXXXXX";
    pid_t maker_ = ::getpid();
};

// Articles 3, steps 2 and 4: the child's error leaves through the parent's `finally`.
static int two_cleanups(const std::vector<std::string>& command) {
    if (command.empty()) throw Failure{"usage: mistake two-cleanups COMMAND [ARG...]"};
    TemporaryRootfs rootfs;
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        try {
            execute(command, current_environment());
        } catch (const std::exception& error) {
            say(std::string{"Error in container: "} + error.what());
            return 1;
        }
    }
    check(::waitpid(pid, nullptr, 0), "waitpid");
    say("Container exited");
    return 0;
}

static int panic(int exit_code) {
    say("panic: exit status " + std::to_string(exit_code));
    return 2;
}

// Article 4: process 1 is the engine's second half; the command is its child. And `must` takes any
// exit code but 0 for an error of the engine's.
static int shell_behind_process_1(const std::vector<std::string>& command) {
    if (command.empty()) throw Failure{"usage: mistake shell-behind-process-1 COMMAND [ARG...]"};
    enter_throw_away_machine();
    say("Running [" + joined(command) + "] as PID " + std::to_string(::getpid()));
    clone_args arguments{};
    arguments.flags = CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNS;
    const pid_t pid = clone_process(arguments);
    if (pid == 0) {
        say("Running [" + joined(command) + "] as PID " + std::to_string(::getpid()));
        const int exit_code = run_program(command);
        ::_exit(exit_code == 0 ? 0 : panic(exit_code));
    }
    const int exit_code = Child{pid}.wait();
    return exit_code == 0 ? 0 : panic(exit_code);
}

std::vector<Mistake> stage3_mistakes() {
    return {
        {"unshare-without-fork", "COMMAND...: a PID namespace, but not for the one that asked",
         unshare_without_fork},
        {"shared-proc", "mounts /proc where mounts are shared with the host", shared_proc},
        {"two-cleanups", "COMMAND...: a child that leaves through its parent's code", two_cleanups},
        {"shell-behind-process-1", "COMMAND...: the command is the child of process 1",
         shell_behind_process_1},
    };
}
