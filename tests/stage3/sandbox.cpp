// Machines on which a sandbox around us forbids the newer calls, as Docker's default profile does.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

// From here on the call answers with this error to this process and to what it starts (seccomp(2)).
static void forbid(unsigned call, unsigned error) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", "PR_SET_NO_NEW_PRIVS");
    check(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "prctl", "PR_SET_SECCOMP");
}

// What the command prints, and its exit code, where the call fails with this error.
static Result run_with_failing(unsigned call, unsigned error, const Words& command) {
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        try {
            forbid(call, error);
            duplicate_onto(out.write_end.get(), STDOUT_FILENO);
            duplicate_onto(err.write_end.get(), STDERR_FILENO);
            execute(command, current_environment());
        } catch (const std::exception& failure) {
            ::_exit(report_failure("test", failure, 99));
        }
    }
    Child child{pid};
    out.write_end.close();
    err.write_end.close();
    Result result;
    result.out = read_all(out.read_end.get(), "pipe");
    result.err = read_all(err.read_end.get(), "pipe");
    result.exit_code = child.wait();
    return result;
}

static Result run_without_clone3(const Words& command) {
    return run_with_failing(SYS_clone3, ENOSYS, command);
}

TEST_CASE("where clone3 is forbidden the older call makes the same container", "[stage3]") {
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        CHECK(run_without_clone3(container.probing({"pid"})).out == "1\n");
        CHECK(run_without_clone3(container.probing({"interfaces"})).out == "lo up\n");
        CHECK(run_without_clone3(container.probing({"exit", "7"})).exit_code == 7);
        CHECK(run_without_clone3(container.probing({"pid"}, {"--init"})).out == "2\n");
    }
}

TEST_CASE("what only clone3 can do is an error there, and not left out", "[stage3]") {
    const StageContainer container{3};
    const Result result = run_without_clone3(container.probing({"pid"}, {"--only", "pid,time"}));
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.out.empty());
}

TEST_CASE("a child that cannot be born in its group joins it", "[stage3][root]") {
    for (const int stage : container_stages()) {
        if (stage < 5) continue;
        const StageContainer container{stage};
        const Words command =
            container.probing({"cat", "/proc/self/cgroup"}, {"--share", "cgroup"});
        const Result without = run_without_clone3(command);
        const auto groups = [](const std::string& text) {
            std::size_t count = 0;
            for (auto at = text.find("/slipway/"); at != std::string::npos;
                 at = text.find("/slipway/", at + 1)) {
                ++count;
            }
            return count;
        };
        INFO(without);
        CHECK(groups(without.out) == groups(run(command).out));
    }
}

TEST_CASE("what keeps the first process from being born is told with its reason", "[stage3]") {
    struct Reason {
        int error;
        Words said;
    };
    const Reason reasons[] = {
        {EAGAIN, {"Resource temporarily unavailable", "too many processes", "pids.max"}},
        {ENOMEM, {"Cannot allocate memory"}},
        {ENOSPC, {"too many namespaces", "/proc/sys/user"}},
        {EUSERS, {"too deeply nested", "/proc/sys/user"}},
        {EINVAL, {"this kernel lacks", "--share"}},
        {EPERM, {"Operation not permitted"}},
    };
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const auto& [error, said] : reasons) {
            const Result result = run_with_failing(SYS_clone3, static_cast<unsigned>(error),
                                                   container.probing({"pid"}));
            INFO(result);
            CHECK(result.exit_code == 125);
            CHECK(result.out.empty());
            CHECK(fault_of_message(result.err, container.name(), said) == "");
        }
    }
}

TEST_CASE("a machine that forbids user namespaces is told the way out", "[stage3]") {
    const StageContainer container{3};
    const Result result =
        run_with_failing(SYS_clone3, EPERM, container.probing({"pid"}, {"--user"}));
    INFO(result);
    CHECK(result.exit_code == 125);
    // Which switch it is differs from one distribution to the next.
    CHECK(fault_of_message(result.err, container.name(),
                           {"create the namespaces", "user", "run as root"}) == "");
}

TEST_CASE("a kernel without cgroup namespaces is told how to do without", "[stage3]") {
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        const Result result = run_with_failing(SYS_unshare, EINVAL, container.probing({"pid"}));
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_message(result.err, container.name(),
                               {"cgroup namespace", "--share cgroup"}) == "");
        const Words without = container.probing({"pid"}, {"--share", "cgroup"});
        CHECK(run_with_failing(SYS_unshare, EINVAL, without).out == "1\n");
    }
}

// The command in a mount namespace of its own in which this shell script has been run.
static Words after_script(const std::string& script, const Words& command) {
    Words all{"unshare", "--mount", "sh", "-c", script + " && exec \"$@\"", "sh"};
    all.insert(all.end(), command.begin(), command.end());
    return all;
}

TEST_CASE("where /proc is not mounted a container has one", "[stage3][root]") {
    const StageContainer container{3};
    const Result result =
        run(after_script("umount -l /proc", container.probing({"cat", "/proc/self/stat"})));
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.starts_with("1 (probe)"));
}

TEST_CASE("where /proc is not mounted a user namespace cannot be had, and it says so",
          "[stage3][root]") {
    need_user_namespaces();
    const StageContainer container{3};
    const Result result =
        run(after_script("umount -l /proc", container.probing({"pid"}, {"--user"})));
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(fault_of_message(result.err, container.name(), {"/setgroups", "is /proc mounted?"}) ==
          "");
}

TEST_CASE("where /proc hides the processes of others containers are as ever", "[stage3][root]") {
    const StageContainer container{3};
    const std::string script = "mount -t proc -o hidepid=2 proc /proc";
    const Words command = as_ordinary_user(container.probing({"ls", "/proc"}));
    const Result result = run(after_script(script, command));
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.starts_with("1\n"));
    Process runner{after_script(script, as_ordinary_user(container.probing({"sleep"})))};
    runner.wait_for_output("ready");
    runner.signal(SIGTERM);  // its first process has no handler: that is seen in /proc
    CHECK(runner.wait() == 143);
}

TEST_CASE("32 user namespaces one in another are the limit, and it is named", "[stage3]") {
    need_user_namespaces();
    const StageContainer container{3};
    Words command;
    for (int level = 0; level < 33; ++level) {
        command.insert(command.end(), {"unshare", "--user", "--map-root-user"});
    }
    for (const auto& word : container.probing({"uid"}, {"--user", "--only", "uts"})) {
        command.push_back(word);
    }
    Result result;
    // How deep we are ourselves is not known: take levels away until `unshare` itself is not the
    // one that fails.
    while (true) {
        result = run(command);
        if (!result.err.starts_with("unshare") || command.size() < 6) break;
        command.erase(command.begin(), command.begin() + 3);
    }
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(fault_of_message(result.err, container.name(), {"too deeply nested"}) == "");
}
