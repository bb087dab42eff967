// The exercises of chapter 3, for the program of a reader's (make exercise EX=3.4 PROGRAM=...).
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

TEST_CASE("exercise 3.1: a container has an interface that is up", "[.][ex-3.1]") {
    hint("netdevice(7): an ifreq with the name lo and IFF_UP, for ioctl SIOCSIFFLAGS");
    const StageContainer container{3};
    const Result only_net = run(container.probing({"interfaces"}, container.only("net")));
    INFO(only_net);
    CHECK(only_net.out == "lo up\n");
    CHECK(run(container.probing({"interfaces"})).out == "lo up\n");
    CHECK(run(container.probing({"interfaces"}, {"--share", "net"})).out ==
          run({probe(), "interfaces"}).out);
}

static std::string one_space(const std::string& text) {
    std::istringstream stream{text};
    std::string result;
    for (std::string word; stream >> word;) result += (result.empty() ? "" : " ") + word;
    return result;
}

TEST_CASE("exercise 3.2: root inside is the caller outside", "[.][ex-3.2]") {
    hint("user_namespaces(7): setgroups before gid_map, and one line `0 ID 1` in each map");
    need_user_namespaces();
    const StageContainer container{3};
    const auto cat = [&](const std::string& name) {
        const Result result = run(container.probing({"cat", "/proc/self/" + name}, {"--user"}));
        UNSCOPED_INFO(result);
        return one_space(result.out);
    };
    CHECK(cat("uid_map") == "0 " + std::to_string(::geteuid()) + " 1");
    CHECK(cat("gid_map") == "0 " + std::to_string(::getegid()) + " 1");
    CHECK(cat("setgroups") == "deny");
    CHECK(run(container.probing({"uid"}, {"--user"})).out == "0 0\n");
    REQUIRE(run(container.probing({"touch", container.inside("file")}, {"--user"})).exit_code == 0);
    struct stat status {};
    check(::stat(container.outside("file").c_str(), &status), "stat", "file");
    CHECK(status.st_uid == ::geteuid());
}

TEST_CASE("exercise 3.3: --init reaps every orphan and leaves with the command", "[.][ex-3.3]") {
    hint("after each SIGCHLD: waitpid(-1, &status, WNOHANG) until it returns 0");
    const StageContainer container{3};
    CHECK(run(container.probing({"ppid"}, {"--init"})).out == "1\n");
    CHECK(run(container.probing({"reaped", "100"}, {"--init"})).out == "100\n");
    for (const int code : {0, 7, 127}) {
        CHECK(run(container.probing({"exit", std::to_string(code)}, {"--init"})).exit_code == code);
    }
    // It kills itself: process 2.
    CHECK(run(container.probing({"kill", "2", "9"}, {"--init"})).exit_code == 137);
    // A daemon that it leaves does not keep the container.
    CHECK(run(container.probing({"orphan"}, {"--init"})).exit_code == 0);
}

TEST_CASE("exercise 3.3: --init passes signals on", "[.][ex-3.3]") {
    hint("block every signal, read them from a signalfd, and kill(command, signal)");
    const StageContainer container{3};
    for (const int signal : {SIGTERM, SIGHUP, SIGUSR1}) {
        Process runner{container.probing({"catch", std::to_string(signal)}, {"--init"})};
        runner.wait_for_output("ready");
        runner.signal(signal);
        CHECK(runner.wait() == 0);
        CHECK(runner.out() == "ready\ncaught " + std::to_string(signal) + "\n");
    }
    Process runner{container.probing({"sleep"}, {"--init"})};
    runner.wait_for_output("ready");
    runner.signal(SIGTERM);
    CHECK(runner.wait() == 143);
}

TEST_CASE("exercise 3.4: enter runs a command in a container's namespaces", "[.][ex-3.4]") {
    hint("pidfd_open, then one setns for all kinds, then fork: setns moves only your children");
    Process runner{StageContainer{3}.probing({"sleep"})};
    runner.wait_for_output("ready");
    const std::string first = std::to_string(first_process_of(runner.pid()));
    const auto enter = [&](const Words& words) {
        Words command{program(3), "enter", first};
        command.insert(command.end(), words.begin(), words.end());
        const Result result = run(command);
        UNSCOPED_INFO(result);
        return result;
    };
    for (const std::string kind : {"pid", "net", "mnt", "uts", "ipc", "user", "cgroup", "time"}) {
        const std::string theirs = run({"readlink", "/proc/" + first + "/ns/" + kind}).out;
        CHECK(enter({probe(), "ns", kind}).out == theirs);
    }
    CHECK(enter({probe(), "hostname"}).out == "container\n");
    CHECK(enter({probe(), "ppid"}).out == "0\n");  // its parent is outside
    CHECK(enter({probe(), "exit", "7"}).exit_code == 7);
    CHECK(enter({probe(), "fds"}).out == "0\n1\n2\n");
    CHECK(enter({"/no/such/program"}).exit_code == 127);
    CHECK(is_alive(runner.pid()));
    runner.signal(SIGTERM);
    CHECK(runner.wait() == 143);
    CHECK(run({program(3), "enter", "999999999", probe(), "pid"}).exit_code == 125);
}

static std::string program_of(pid_t pid) {
    std::array<char, 4096> target{};
    const std::string link = "/proc/" + std::to_string(pid) + "/exe";
    check(::readlink(link.c_str(), target.data(), target.size() - 1), "readlink", link);
    return target.data();
}

TEST_CASE("exercise 3.5: the second half is a program of its own, and does the same",
          "[.][ex-3.5]") {
    hint("the second half needs the options, the command, and where to report why exec failed");
    const StageContainer container{3};
    const auto reexec = [&](const Words& verb) {
        const Result result = run(container.probing(verb, {"--reexec", "--hostname", "again"}));
        UNSCOPED_INFO(result);
        return result;
    };
    CHECK(reexec({"pid"}).out == "1\n");
    CHECK(reexec({"hostname"}).out == "again\n");
    CHECK(reexec({"args", "-x", "--", "a b", ""}).out == "-x\n--\na b\n\n");
    CHECK(reexec({"fds"}).out == "0\n1\n2\n");
    CHECK(reexec({"signal-mask"}).out == "blocked:\nignored:\n");
    CHECK(reexec({"exit", "7"}).exit_code == 7);
    CHECK(run(container.command({"/no/such/program"}, {"--reexec"})).exit_code == 127);
}

TEST_CASE("exercise 3.5: what runs through /proc/self/exe is a sealed copy", "[.][ex-3.5]") {
    hint("memfd_create, sendfile, F_ADD_SEALS, then execveat with AT_EMPTY_PATH");
    const StageContainer container{3};
    // Inside, /proc/self/exe is the second half: the command is our own program once more.
    Process runner{container.command(
        {"/proc/self/exe", "run", "--quiet", "--only", "uts", "--", probe(), "sleep"},
        {"--reexec"})};
    runner.wait_for_output("ready");
    const pid_t first = first_process_of(runner.pid());
    CHECK(program_of(first).starts_with("/memfd:"));
    const Fd reader{::open(("/proc/" + std::to_string(first) + "/exe").c_str(), O_RDONLY)};
    REQUIRE(reader);
    CHECK((::fcntl(reader.get(), F_GET_SEALS) & F_SEAL_WRITE) != 0);
    runner.signal(SIGTERM);
    CHECK(runner.wait() == 143);
}

TEST_CASE("exercise 3.6: what failed in the child is said once, by the parent", "[.][ex-3.6]") {
    hint("a Record in one write(2) to the report pipe; end-of-file there means success");
    const StageContainer container{3};
    const std::string plain = container.outside("plain");
    make_file(plain, "no program", 0644);
    const auto ends = [&](const Words& command, int code, const std::string& named) {
        const Result result = run(container.command(command));
        INFO(result);
        CHECK(result.exit_code == code);
        CHECK(result.out.empty());
        if (named.empty()) {
            CHECK(result.err.empty());
        } else {
            CHECK(fault_of_line(result.err, {named}) == "");
        }
    };
    const std::string absent = "/" + random_name() + std::string(1500, 'x').substr(0, 200);
    ends({absent}, 127, absent.substr(0, 100));
    ends({container.inside("plain")}, 126, "plain");
    for (const int code : {0, 7, 125, 126, 127}) {
        ends({container.probe_inside(), "exit", std::to_string(code)}, code, "");
    }
}
