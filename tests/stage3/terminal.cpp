// A container at a terminal is a job as any other: Ctrl-C, Ctrl-Z, fg, bg; and a shell inside has
// jobs of its own.
#include <signal.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage3/pseudo_terminal.hpp"
#include "tests/support/leak_check.hpp"

// In no path of a program that is typed before them.
static const std::string kFirstWord = "zyxwv-1", kSecondWord = "zyxwv-2";

static std::string quoted(const Words& words) {
    std::string text;
    for (const auto& word : words) text.append(text.empty() ? "'" : " '").append(word).append("'");
    return text;
}

static bool is_stopped(pid_t pid) {
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
    return text.substr(text.rfind(')')).starts_with(") T");
}

// To a command that says back what it reads.
static void say(AtTerminal& shell, const std::string& word) {
    shell.type(word + "\n");
    shell.wait_for(word);  // the echo
    shell.wait_for(word);
}

// When the prompt is back: the exit code of what ran.
static std::string exit_code_at_prompt(AtTerminal& shell) {
    shell.wait_for("> ");
    shell.type("echo co''de=$?\n");
    return shell.wait_for("code=");
}

// The one child that this process has.
static pid_t child_of(pid_t parent) {
    const std::string path = "/proc/" + std::to_string(parent);
    return static_cast<pid_t>(
        std::stol(read_file(path + "/task/" + std::to_string(parent) + "/children")));
}

// The probe that reads: who is below a runner besides is the runner's business.
static pid_t reader_below(pid_t ancestor, const StageContainer& container) {
    for (const auto& process : living_descendants_of(ancestor)) {
        if (process.command_line == container.probe_inside() + " read") return process.pid;
    }
    throw Failure{"there is no probe that reads"};
}

TEST_CASE("Ctrl-C ends a container as it ends any command", "[stage3][contract]") {
    hint("the terminal sends SIGINT to both; the kernel drops it for process 1: kill that");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            AtTerminal shell{kJobShell};
            shell.type(quoted(container.probing({"sleep"}, options)) + "\n");
            shell.wait_for("ready");
            shell.type(kCtrlC);
            CHECK(exit_code_at_prompt(shell) == "130");
            shell.type("exit 0\n");
            CHECK(shell.wait() == 0);
        }
    }
}

TEST_CASE("Ctrl-C reaches a handler of the command's once", "[stage3][contract]") {
    hint("it has come from the terminal (SI_KERNEL), to the whole group: do not pass it on");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            AtTerminal shell{kJobShell};
            shell.type(quoted(container.probing({"catch", "2"}, options)) + "\n");
            shell.wait_for("ready");
            shell.type(kCtrlC);
            shell.wait_for("caught 2");
            CHECK(exit_code_at_prompt(shell) == "0");
            shell.type("exit 0\n");
            CHECK(shell.wait() == 0);
        }
    }
}

TEST_CASE("Ctrl-Z stops a container with all that is in it, and fg makes it go on",
          "[stage3][contract]") {
    hint(
        "process 1 drops SIGTSTP: stop it by SIGSTOP, then yourself, and send it SIGCONT when you "
        "go on; an init has it blocked, and its child stops by itself");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            AtTerminal shell{kJobShell};
            shell.type(quoted(container.probing({"read"}, options)) + "\n");
            say(shell, kFirstWord);
            shell.type(kCtrlZ);
            shell.wait_for("Stopped");
            INFO(shell.output());
            const pid_t runner = child_of(shell.pid());
            CHECK(is_stopped(runner));
            const pid_t first = first_process_of(runner);
            // The init, which reads nothing, is not stopped, its child is.
            const pid_t command = options.empty() ? first : child_of(first);
            wait_until([&] { return is_stopped(command); }, "the command stops");
            shell.type("fg\n");
            wait_until([&] { return !is_stopped(runner) && !is_stopped(command); }, "it goes on");
            say(shell, kSecondWord);
            shell.type(kCtrlD);
            CHECK(exit_code_at_prompt(shell) == "0");
            shell.type("exit 0\n");
            CHECK(shell.wait() == 0);
        }
    }
}

TEST_CASE("a container in the background that reads from the terminal is stopped",
          "[stage3][contract]") {
    hint("SIGTTIN, as Ctrl-Z");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            AtTerminal shell{kJobShell};
            shell.type("set -b\n");
            shell.type(quoted(container.probing({"read"}, options)) + " &\n");
            shell.wait_for("Stopped");
            const pid_t runner = child_of(shell.pid());
            CHECK(is_stopped(runner));
            shell.type("fg\n");
            wait_until([&] { return !is_stopped(runner); }, "it goes on");
            say(shell, kFirstWord);
            shell.type(kCtrlC);
            CHECK(exit_code_at_prompt(shell) == "130");
            shell.type("exit 0\n");
            CHECK(shell.wait() == 0);
        }
    }
}

TEST_CASE("a shell in a container has jobs", "[stage3]") {
    const StageContainer container{3};
    for (const Words& options : {Words{}, Words{"--init"}}) {
        AtTerminal shell{container.command(kJobShell, options)};
        shell.wait_for("> ");
        shell.type("'" + probe() + "' sleep\n");
        shell.wait_for("ready");
        shell.type(kCtrlC);
        CHECK(exit_code_at_prompt(shell) == "130");
        shell.type("'" + probe() + "' read\n");
        say(shell, kFirstWord);
        shell.type(kCtrlZ);
        shell.wait_for("Stopped");
        shell.type("fg\n");
        say(shell, kSecondWord);
        shell.type(kCtrlD);
        shell.type("exit 5\n");
        CHECK(shell.wait() == 5);
        CHECK(shell.output().find("job control") == std::string::npos);
    }
}

TEST_CASE("after a shell in a container the terminal is the caller's again", "[stage3]") {
    // A script: unlike an interactive shell it does not take the terminal by itself.
    const StageContainer container{3};
    for (const Words& options : {Words{}, Words{"--init"}}) {
        Words inside{"env", "PS1=> "};
        inside.insert(inside.end(), kJobShell.begin(), kJobShell.end());
        const std::string command = quoted(container.command(inside, options));
        AtTerminal script{{"sh", "-c", command + "; read -r word; echo got=$word"}};
        script.wait_for("> ");
        script.type("exit 0\n");
        script.wait_for("exit");
        script.wait_for("exit");  // the echo, then the shell's own word
        script.type("word\n");
        CHECK(script.wait_for("got=") == "word");
        CHECK(script.wait() == 0);
    }
}

TEST_CASE("after a command that had the terminal the caller has it again", "[stage3][contract]") {
    hint("tcsetpgrp to your own group when the foreground group is gone; with SIGTTOU blocked");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            const std::string command = quoted(container.probing({"take-terminal"}, options));
            AtTerminal script{{"sh", "-c", command + "; read -r word; echo got=$word"}};
            script.wait_for("ready");
            script.type("leave\n");
            script.wait_for("leave");  // the echo
            script.type("word\n");
            CHECK(script.wait_for("got=") == "word");
            CHECK(script.wait() == 0);
        }
    }
}

TEST_CASE("a container in the background that ends leaves the terminal as it is",
          "[stage3][contract]") {
    hint("tcsetpgrp only where the terminal's foreground group is gone: the shell's is there");
    for (const int stage : container_stages()) {
        AtTerminal shell{kJobShell};
        shell.type("set -b\n");
        shell.type(quoted(StageContainer{stage}.probing({"args", kFirstWord})) + " &\n");
        shell.wait_for(kFirstWord);  // the echo
        shell.wait_for(kFirstWord);
        shell.wait_for("Done");
        shell.type("echo ali''ve\n");
        shell.wait_for("alive");
        shell.type("exit 0\n");
        CHECK(shell.wait() == 0);
    }
}

TEST_CASE("with --init the runner stops after the command, which takes no line from the shell",
          "[stage3]") {
    const StageContainer container{3};
    for (const Words& options : {Words{"--init"}, Words{"--share", "pid", "--init"}}) {
        AtTerminal shell{kJobShell};
        shell.type(quoted(container.probing({"read"}, options)) + "\n");
        say(shell, kFirstWord);
        shell.type(kCtrlZ);
        shell.wait_for("Stopped");
        CHECK(is_stopped(child_of(child_of(child_of(shell.pid())))));
        shell.type("exit\nexit\n");
        shell.wait();
    }
}

TEST_CASE("without a PID namespace Ctrl-Z and fg work as ever", "[stage3][contract]") {
    hint("the command stops by itself: stop too, or the shell waits for a job that stands still");
    const StageContainer container{3};
    for (const Words& options : {Words{"--share", "pid"}, Words{"--share", "pid", "--init"}}) {
        AtTerminal shell{kJobShell};
        shell.type(quoted(container.probing({"read"}, options)) + "\n");
        say(shell, kFirstWord);
        shell.type(kCtrlZ);
        shell.wait_for("Stopped");
        INFO(shell.output());
        wait_until([&] { return is_stopped(reader_below(shell.pid(), container)); },
                   "the command stops");
        shell.type("fg\n");
        say(shell, kSecondWord);
        shell.type(kCtrlD);
        CHECK(exit_code_at_prompt(shell) == "0");
        shell.type("exit 0\n");
        CHECK(shell.wait() == 0);
    }
}

TEST_CASE("a program that catches Ctrl-Z stops when it is ready to", "[stage3]") {
    // As an editor does: it leaves the screen in order, then sends the signal again to its group.
    const std::string program =
        "trap \"trap - TSTP; echo ti''dy; kill -TSTP 0\" TSTP; trap \"echo aga''in\" CONT; "
        "echo rea''dy; while :; do read -r -t 1 line; done";
    const StageContainer container{3};
    AtTerminal shell{kJobShell};
    make_file(container.outside("editor"), program, 0644);
    shell.type(quoted(container.command({"bash", container.inside("editor")})) + "\n");
    shell.wait_for("ready");
    shell.type(kCtrlZ);
    shell.wait_for("tidy");
    shell.wait_for("Stopped");
    const pid_t runner = child_of(shell.pid());
    CHECK(is_stopped(runner));
    CHECK(is_stopped(first_process_of(runner)));
    shell.type("fg\n");
    shell.wait_for("again");
    shell.type(kCtrlC);
    CHECK(exit_code_at_prompt(shell) == "130");
    shell.type("exit 0\n");
    CHECK(shell.wait() == 0);
}

TEST_CASE("a program whose handler is just off may still stop in its own way", "[stage3]") {
    // As that editor on a busy machine: it has no handler when we look, and its signal comes after.
    // Here it knows of Ctrl-Z by a child that catches it.
    const StageContainer container{3};
    const std::string mark = container.inside("mark");
    const std::string program =
        "trap \"echo aga''in\" CONT; "
        "(trap '>" +
        mark + "' TSTP; echo rea''dy; while :; do read -r -t 1 line; done) & " + "until [ -e " +
        mark + " ]; do :; done; kill -TSTP 0; while :; do read -r -t 1 line; done";
    AtTerminal shell{kJobShell};
    make_file(container.outside("editor"), program, 0644);
    shell.type(quoted(container.command({"bash", container.inside("editor")})) + "\n");
    shell.wait_for("ready");
    shell.type(kCtrlZ);
    shell.wait_for("Stopped");
    shell.type("fg\n");
    shell.wait_for("again");
    shell.type(kCtrlC);
    CHECK(exit_code_at_prompt(shell) == "130");
    shell.type("exit 0\n");
    CHECK(shell.wait() == 0);
}

TEST_CASE("a signal that stops stops the command, and SIGCONT makes it go on", "[stage3]") {
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            Process runner{container.probing({"sleep"}, options)};
            runner.wait_for_output("ready");
            const pid_t first = first_process_of(runner.pid());
            const pid_t command = options.empty() ? first : child_of(first);
            for (int i = 0; i < 3; ++i) {
                runner.signal(SIGTSTP);
                const auto both = [&] { return is_stopped(runner.pid()) && is_stopped(command); };
                wait_until(both, "it stops");
                runner.signal(SIGCONT);
                wait_until([&] { return !is_stopped(command); }, "it goes on");
            }
            runner.signal(SIGTERM);
            CHECK(runner.wait() == 143);
        }
    }
}
