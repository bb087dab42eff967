// --explain and --step: what the kernel was asked, told while it happens, and nothing else changes.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <regex>
#include <sstream>

#include "common/fd.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "tests/stage3/pseudo_terminal.hpp"

static const std::string kQuestion = "Enter goes on.";

static Words lines_of_text(const std::string& text) {
    Words lines;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// Whether the parts stand in the text one behind the other.
static bool holds_in_order(const std::string& text, const Words& parts) {
    std::size_t at = 0;
    for (const auto& part : parts) {
        at = text.find(part, at);
        if (at == std::string::npos) return false;
        at += part.size();
    }
    return true;
}

TEST_CASE("--explain tells the calls that make a container, in their order", "[stage3]") {
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        const Result result = run(container.probing({"pid"}, {"--explain"}));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.out == "1\n");
        CHECK(holds_in_order(
            result.err,
            {"clone(2)", "CLONE_NEWPID", "unshare(CLONE_NEWCGROUP) = 0", "MS_REC|MS_PRIVATE",
             "close_range(3, ~0", "execve(", " = 0\n", "price of being watched"}));
        CHECK(holds_in_order(result.err, {"CLONE_NEWUTS", "sethostname(\"container"}));
        CHECK(holds_in_order(result.err, {"CLONE_NEWNET", "ioctl(SIOCSIFFLAGS, \"lo\", IFF_UP)"}));
    }
}

TEST_CASE("a line of --explain holds microseconds, process, manual page and call", "[stage3]") {
    const StageContainer container{3};
    Process process{container.probing({"pid"}, {"--explain"})};
    process.wait();
    const std::string parent = std::to_string(process.pid());
    const std::regex form{R"( *\d+  (parent|child) (\d+) +[a-z_]+\(\d\) +[a-z0-9_]+\(.*\) = .+)"};
    const Words lines = lines_of_text(process.err());
    REQUIRE(lines.size() > 6);
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
        INFO(lines[i]);
        std::smatch parts;
        REQUIRE(std::regex_match(lines[i], parts, form));
        CHECK((parts[1] == "parent") == (parts[2] == parent));
    }
}

TEST_CASE("a command that is explained to somebody has its input, output and end", "[stage3]") {
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        const Result result = run(container.probing({"exit", "7"}, {"--explain"}));
        INFO(result);
        CHECK(result.exit_code == 7);
        CHECK(run(container.probing({"exit", "7"}, {"--explain", "--init"})).exit_code == 7);
        const Result missing = run(container.command({"/no/such"}, {"--explain"}));
        INFO(missing);
        CHECK(missing.exit_code == 127);
        CHECK(holds_in_order(missing.err, {"execve(\"/no/such\") = -1 (No such file or directory)",
                                           container.name() + ": exec /no/such"}));
    }
    RunOptions options;
    options.input = "kept\n";
    const Result result = run({program(3), "run", "--quiet", "--explain", "--", "cat"}, options);
    INFO(result);
    CHECK(result.out == "kept\n");
}

TEST_CASE("the command itself is not watched, and may run on every processor", "[stage3]") {
    const Words look = {"grep", "-E", "^(TracerPid|Cpus_allowed):", "/proc/self/status"};
    Words command = {program(3), "run", "--quiet", "--explain", "--"};
    command.insert(command.end(), look.begin(), look.end());
    const Result inside = run(command);
    INFO(inside);
    CHECK(inside.out == run(look).out);
    CHECK(holds_in_order(inside.out, {"TracerPid:\t0"}));
}

TEST_CASE("--explain shows an ordinary user the maps that make it root inside", "[stage3]") {
    need_user_namespaces();
    Words command = as_ordinary_user({program(3), "run", "--quiet", "--explain", "--", "id", "-u"});
    const Result result = run(command);
    INFO(result);
    CHECK(result.out == "0\n");
    CHECK(holds_in_order(result.err, {"CLONE_NEWUSER", "/setgroups\", \"deny\")",
                                      "/uid_map\", \"0 ", "/gid_map\", \"0 ", "execve("}));
}

TEST_CASE("--explain follows an init to the command below it", "[stage3]") {
    const StageContainer container{3};
    const Result result = run(container.probing({"pid"}, {"--explain", "--init"}));
    INFO(result);
    CHECK(result.out == "2\n");
    CHECK(holds_in_order(result.err, {"fork() = 2\n", "execve("}));
}

TEST_CASE("--step asks before each call, says where to look, and goes on at Enter", "[stage3]") {
    const StageContainer container{3};
    AtTerminal terminal{container.probing({"pid"}, {"--step"})};
    const std::string pid = std::to_string(terminal.pid());
    terminal.wait_for("Next: parent " + pid + ": clone");
    terminal.wait_for("ls -l /proc/" + pid + "/ns");
    terminal.wait_for(kQuestion);
    CHECK(terminal.output().find(" = ") == std::string::npos);
    terminal.type("\n");
    terminal.wait_for(" = ");
    terminal.wait_for("Next: ");
    terminal.wait_for(kQuestion);
    CHECK(terminal.output().find("execve(") == std::string::npos);
    terminal.type(kCtrlD);
    terminal.wait_for("execve(");
    terminal.wait_for(" = 0");
    CHECK(terminal.wait() == 0);
    std::size_t questions = 0;
    for (auto at = terminal.output().find(kQuestion); at != std::string::npos;
         at = terminal.output().find(kQuestion, at + 1)) {
        ++questions;
    }
    CHECK(questions == 2);
}

TEST_CASE("--step asks at the terminal and leaves standard input to the command", "[stage3]") {
    AtTerminal terminal{
        {"sh", "-c", "echo ke''pt | '" + program(3) + "' run --quiet --step -- cat"}};
    terminal.wait_for(kQuestion);
    terminal.type(kCtrlD);
    terminal.wait_for("kept");
    CHECK(terminal.wait() == 0);
}

TEST_CASE("Ctrl-C at a question of --step ends the container as ever", "[stage3]") {
    const StageContainer container{3};
    AtTerminal terminal{container.probing({"sleep"}, {"--step"})};
    terminal.wait_for(kQuestion);
    terminal.type(kCtrlC);
    CHECK(terminal.wait() == 130);
}

TEST_CASE("SIGKILL at a question of --step leaves nobody behind", "[stage3]") {
    const StageContainer container{3};
    AtTerminal terminal{container.probing({"sleep"}, {"--step"})};
    terminal.wait_for(kQuestion);
    terminal.type("\n");
    terminal.wait_for("Next: ");
    terminal.wait_for(kQuestion);
    ::kill(terminal.pid(), SIGKILL);
    CHECK(terminal.wait() == 137);
}

TEST_CASE("--step without a terminal says that it needs one", "[stage3]") {
    const Result result =
        run({"setsid", "--wait", program(3), "run", "--quiet", "--step", "--", "true"});
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(fault_of_message(result.err, "stage3-namespaces", {"/dev/tty", "terminal"}) == "");
}

// Runs the command under our own ptrace, and returns its exit code and what it says on stderr.
static std::pair<int, std::string> run_traced(const Words& command) {
    Pipe pipe = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        try {
            duplicate_onto(pipe.write_end.get(), STDERR_FILENO);
            check(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr), "ptrace");
            execute(command, current_environment());
        } catch (const std::exception&) {
            ::_exit(99);
        }
    }
    pipe.write_end.close();
    int status = 0;
    while (check(::waitpid(pid, &status, 0), "waitpid") == pid && WIFSTOPPED(status)) {
        const int signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
        check(::ptrace(PTRACE_CONT, pid, nullptr, static_cast<long>(signal)), "ptrace");
    }
    return {exit_code_for(status), read_all(pipe.read_end.get(), "pipe")};
}

TEST_CASE("--explain under another tracer says what stands in its way", "[stage3]") {
    const auto [exit_code, err] =
        run_traced({program(3), "run", "--quiet", "--explain", "--", "true"});
    CHECK(exit_code == 125);
    CHECK(fault_of_message(err, "stage3-namespaces", {"ptrace", "another tracer"}) == "");
}

TEST_CASE("with --explain a container at a terminal stops and goes on as ever", "[stage3]") {
    const StageContainer container{3};
    std::string typed;
    for (const auto& word : container.probing({"read"}, {"--explain"})) typed += "'" + word + "' ";
    AtTerminal shell{kJobShell};
    shell.type(typed + "\n");
    shell.type("zyxwv-1\n");
    shell.wait_for("zyxwv-1");  // the echo
    shell.wait_for("zyxwv-1");
    shell.type(kCtrlZ);
    shell.wait_for("Stopped");
    shell.type("fg\n");
    shell.type("zyxwv-2\n");
    shell.wait_for("zyxwv-2");  // the echo
    shell.wait_for("zyxwv-2");
    shell.type(kCtrlD);
    shell.wait_for("price of being watched");
    shell.wait_for("> ");
    shell.type("echo co''de=$?\n");
    CHECK(shell.wait_for("code=") == "0");
    shell.type("exit 0\n");
    CHECK(shell.wait() == 0);
}
