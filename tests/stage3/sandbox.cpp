// Machines on which a sandbox around us forbids the newer calls, as Docker's default profile does.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

// From here on clone3(2) answers ENOSYS to this process and to what it starts (seccomp(2)).
static void forbid_clone3() {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", "PR_SET_NO_NEW_PRIVS");
    check(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "prctl", "PR_SET_SECCOMP");
}

// What the command prints, and its exit code, where clone3 is forbidden.
static Result run_without_clone3(const Words& command) {
    Pipe out = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        try {
            forbid_clone3();
            duplicate_onto(out.write_end.get(), STDOUT_FILENO);
            execute(command, current_environment());
        } catch (const std::exception& error) {
            ::_exit(report_failure("test", error, 99));
        }
    }
    Child child{pid};
    out.write_end.close();
    Result result;
    result.out = read_all(out.read_end.get(), "pipe");
    result.exit_code = child.wait();
    return result;
}

TEST_CASE("where clone3 is forbidden the older call makes the same container", "[stage3]") {
    for (const int stage : container_stages()) {
        const Container container{stage};
        CHECK(run_without_clone3(container.probing({"pid"})).out == "1\n");
        CHECK(run_without_clone3(container.probing({"interfaces"})).out == "lo up\n");
        CHECK(run_without_clone3(container.probing({"exit", "7"})).exit_code == 7);
        CHECK(run_without_clone3(container.probing({"pid"}, {"--init"})).out == "2\n");
    }
}

TEST_CASE("what only clone3 can do is an error there, and not left out", "[stage3]") {
    const Container container{3};
    const Result result = run_without_clone3(container.probing({"pid"}, {"--only", "pid,time"}));
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.out.empty());
}

TEST_CASE("a child that cannot be born in its group joins it", "[stage3][root]") {
    for (const int stage : container_stages()) {
        if (stage < 5) continue;
        const Container container{stage};
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
