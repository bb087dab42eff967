// The worst moment for a runner to die: its child is born, and waits to be told to go on.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

static std::string pid_namespace_of(pid_t pid) {
    return run({"readlink", "/proc/" + std::to_string(pid) + "/ns/pid"}).out;
}

// A program under ptrace(2), with all that it starts, until it is let go.
class Traced {
public:
    explicit Traced(const Words& command) {
        first_ = check(::fork(), "fork");
        if (first_ == 0) become(command);
        check(::waitpid(first_, nullptr, 0), "waitpid");
        processes_.insert(first_);
        check(::ptrace(PTRACE_SETOPTIONS, first_, nullptr,
                       PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                           PTRACE_O_TRACEVFORK),
              "ptrace");
        go_on(first_, 0);
    }

    // The first process that is born into another PID namespace than ours. It stands still.
    pid_t wait_for_birth() {
        while (true) {
            int status = 0;
            const pid_t pid = check(::waitpid(-1, &status, __WALL), "waitpid");
            if (!WIFSTOPPED(status)) {
                if (pid == first_) throw Failure{"it has ended, and made no PID namespace"};
                continue;
            }
            const bool is_new = processes_.insert(pid).second;
            if (is_new && pid_namespace_of(pid) != pid_namespace_of(::getpid())) return born_ = pid;
            pass_on(pid, status, is_new);
        }
    }

    // The program itself dies, and what it has started goes on.
    void kill_first() {
        ::kill(first_, SIGKILL);
        go_on(born_, 0);
    }

    // Whether nothing of it is left. Nobody is let go before: when the case is over that would be
    // the death of a process that still cleans up, and a birth may have been told to nobody yet.
    bool have_all_ended() {
        int status = 0;
        while (const pid_t pid = ::waitpid(-1, &status, __WALL | WNOHANG)) {
            if (pid == -1) return errno == ECHILD;
            if (WIFSTOPPED(status)) pass_on(pid, status, processes_.insert(pid).second);
        }
        return false;
    }

private:
    [[noreturn]] static void become(const Words& command) {
        try {
            check(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr), "ptrace");
            ::raise(SIGSTOP);
            reset_signals();
            execute(command, current_environment());
        } catch (const std::exception& error) {
            ::_exit(report_failure("test", error, 99));
        }
    }

    // What is new begins with a SIGSTOP, and events and exec come as SIGTRAP.
    static void pass_on(pid_t pid, int status, bool is_new) {
        const int signal = WSTOPSIG(status);
        go_on(pid, is_new || signal == SIGTRAP ? 0 : signal);
    }

    static void go_on(pid_t pid, int signal) { ::ptrace(PTRACE_CONT, pid, nullptr, signal); }

    pid_t first_ = 0;
    pid_t born_ = 0;
    std::set<pid_t> processes_;
};

TEST_CASE("when the runner is killed while its child is born nothing is left",
          "[stage3][contract]") {
    hint(
        "a child that waits for its parent on a pipe has to close its own copy of the writing "
        "end first, and to ask whether the parent lives when it has set PR_SET_PDEATHSIG");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--user"}}) {
            Traced program{container.probing({"sleep"}, options)};
            program.wait_for_birth();
            program.kill_first();
            wait_until([&] { return program.have_all_ended(); }, "the end of all that it started");
        }
    }
}
