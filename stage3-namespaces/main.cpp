// Stage 3: what a process can see. Uses common/ alone; no earlier stage.
//
// Runs a command as the first process of new namespaces: article 3 step 1, article 4 step 1.

#include <linux/sched.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "common/process.hpp"
#include "stage3-namespaces/child_report.hpp"
#include "stage3-namespaces/init.hpp"
#include "stage3-namespaces/isolation_options.hpp"
#include "stage3-namespaces/namespaces.hpp"
#include "stage3-namespaces/narration.hpp"
#include "stage3-namespaces/orphans.hpp"
#include "stage3-namespaces/show.hpp"
#include "stage3-namespaces/user_namespace.hpp"
#include "stage3-namespaces/wait_for_container.hpp"

static constexpr Program kProgram = {
    "stage3-namespaces",
    "run [OPTIONS] [--] COMMAND [ARG...]\n"
    "show [PID]",
    "run   starts a command as process 1 of its own namespaces\n"
    "show  prints in which namespaces a process lives\n"
    "\n"
    "Try: run -- sh -c 'hostname; echo $$; ps aux'",
};

struct Request {
    IsolationOptions isolation;
    std::vector<std::string> command;
};

// `run`'s own words: its options, then the command.
static Request parse_run(Request request, const std::vector<std::string>& arguments) {
    request.command = parse_options(kProgram, isolation_option_table(request.isolation), arguments);
    if (request.command.empty()) {
        throw UsageError{"run: no command to run (try stage3-namespaces run -- ps aux)"};
    }
    return request;
}

// The child: from here on it is alone in its namespaces. It leaves by exec or by give_up, never
// by returning into the parent's code, whose objects it holds copies of.
[[noreturn]] static void become_container(const Request& request, ChildReport& report) noexcept {
    try {
        const IsolationOptions& isolation = request.isolation;
        report.wait_for_parent();
        if (isolation.has(CLONE_NEWCGROUP)) enter_cgroup_namespace();
        if (isolation.has(CLONE_NEWNS)) make_mounts_private();
        if (isolation.has(CLONE_NEWNS) && isolation.has(CLONE_NEWPID)) mount_new_proc();
        if (isolation.has(CLONE_NEWUTS)) set_hostname(isolation.hostname);
        if (isolation.has(CLONE_NEWNET)) bring_loopback_up();
        Narrator{isolation.quiet}.say("Child: Running " + bracketed(request.command) + " as PID " +
                                      std::to_string(::getpid()));

        const auto become_command = [&] {
            reset_signals();
            close_on_exec_from(3);
            execute(request.command, current_environment());
        };
        if (isolation.init) run_as_init(become_command);
        become_command();
    } catch (const std::exception& error) {
        report.give_up(error);
    }
    ::_exit(125);
}

static int run(const Request& request) {
    // 1. From here on signals are data: none of them ends us before we have cleaned up.
    const Narrator narrator{request.isolation.quiet};
    SignalFd signals{kSignalsOfRunner};
    const Explainer explainer{request.isolation.explain};

    // 2. Start the child in its own namespaces. It waits at a gate.
    narrator.say("Parent: Running " + bracketed(request.command) + " as PID " +
                 std::to_string(::getpid()));
    ChildReport report;
    std::vector<pid_t> earlier_children;
    if (!request.isolation.has(CLONE_NEWPID)) earlier_children = adopt_orphans();
    const pid_t pid = fork_into_namespaces(request.isolation.namespaces);
    if (pid == 0) become_container(request, report);
    Child child{pid};

    // 3. Without root: make the caller root inside. Then the child may go on.
    if (request.isolation.has(CLONE_NEWUSER)) map_root_to_caller(pid);
    report.open_gate();

    // 4. It runs, or we know why not.
    report.expect_success();

    // 5. Its result is our result.
    const int exit_code = wait_for_container(child, signals);
    if (!request.isolation.has(CLONE_NEWPID)) end_orphans(earlier_children);
    narrator.say("Container exited");
    return exit_code;
}

static int show(const std::vector<std::string>& arguments) {
    const auto operands = parse_options(kProgram, {}, arguments);
    if (operands.size() > 1) throw UsageError{"show: one process at a time (show [PID])"};
    const auto pid = operands.empty() ? ::getpid() : parse_number(operands[0], "show", 1, 1L << 30);
    print(namespaces_table(static_cast<pid_t>(pid)));
    return 0;
}

int main(int argc, char** argv) try {
    ensure_standard_streams();
    Request request;
    const auto options = isolation_option_table(request.isolation);
    const auto words = parse_options(kProgram, options, arguments_of(argc, argv));
    if (words.empty()) throw UsageError{"what to do is missing (try stage3-namespaces --help)"};
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (words[0] == "run") return run(parse_run(request, rest));
    if (words[0] == "show") return show(rest);
    throw UsageError{"unknown verb " + printable(words[0]) + " (try stage3-namespaces --help)"};
} catch (const ChildFailed& error) {
    return report_failure(kProgram.name, error, error.exit_code());
} catch (const std::exception& error) {
    return report_failure(kProgram.name, error, 125);
}
