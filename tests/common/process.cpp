#include "common/process.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "common/file.hpp"
#include "tests/support/testing.hpp"

using Words = std::vector<std::string>;

// Starts a child that does this and ends with what it returns; it leaves no other way.
static Child child_that(const std::function<int()>& act) {
    const pid_t pid = check(::fork(), "fork");
    if (pid != 0) return Child{pid};
    try {
        ::_exit(act());
    } catch (const ExecError& error) {
        ::_exit(exit_code_for_exec(error.error()));
    } catch (...) {
        ::_exit(99);
    }
}

static bool is_alive(pid_t pid) {
    return ::kill(pid, 0) == 0;
}

TEST_CASE("a wait status becomes a shell's exit code", "[common]") {
    for (const int code : {0, 1, 7, 125, 128, 255})
        CHECK(exit_code_for(W_EXITCODE(code, 0)) == code);
    CHECK(exit_code_for(W_EXITCODE(0, SIGKILL)) == 137);
    CHECK(exit_code_for(W_EXITCODE(0, SIGTERM)) == 143);
    CHECK(exit_code_for(W_EXITCODE(0, SIGSEGV) | WCOREFLAG) == 139);
}

TEST_CASE("a child's end is waited for, or asked for without waiting", "[common]") {
    CHECK(child_that([] { return 7; }).wait() == 7);
    CHECK(child_that([] { return ::raise(SIGKILL); }).wait() == 137);
    Pipe pipe = make_pipe();
    Child child = child_that([&] {
        pipe.write_end.close();
        char byte = 0;
        return static_cast<int>(::read(pipe.read_end.get(), &byte, 1)) + 3;
    });
    int code = -1;
    CHECK_FALSE(child.has_ended(code));
    CHECK(code == -1);
    pipe.write_end.close();
    wait_until([&] { return child.has_ended(code); }, "it has ended");
    CHECK(code == 3);
    CHECK(child.pid() == 0);
}

TEST_CASE("a child that is dropped is killed and reaped", "[common]") {
    pid_t pid = 0;
    {
        const Child child = child_that([] { return ::pause(); });
        pid = child.pid();
        CHECK(is_alive(pid));
    }
    CHECK_FALSE(is_alive(pid));  // a zombie would still answer
    Child first = child_that([] { return ::pause(); });
    pid = first.pid();
    {
        const Child second{std::move(first)};
        CHECK(first.pid() == 0);  // NOLINT: what is left after a move is the question
        CHECK(is_alive(pid));
    }
    CHECK_FALSE(is_alive(pid));
}

TEST_CASE("a cloned process goes on like a forked one", "[common]") {
    const std::string before = "copied";
    const pid_t pid = clone_process({});
    if (pid == 0) ::_exit(before == "copied" && ::getppid() > 0 ? 5 : 1);
    CHECK(Child{pid}.wait() == 5);
}

TEST_CASE("a process that may not be cloned is an error with its reason", "[common]") {
    clone_args contradiction{};
    contradiction.flags = CLONE_NEWNS | CLONE_FS;
    CHECK_THROWS_WITH(clone_process(contradiction), "clone: Invalid argument");
}

TEST_CASE("signals wait as data, and the mask from before comes back", "[common]") {
    sigset_t before, after;
    check(::sigprocmask(SIG_SETMASK, nullptr, &before), "sigprocmask");
    {
        SignalFd signals{SIGUSR1, SIGCHLD};
        check(::kill(::getpid(), SIGUSR1), "kill");
        const auto info = signals.next();
        CHECK(info.ssi_signo == SIGUSR1);
        CHECK(info.ssi_pid == static_cast<unsigned>(::getpid()));
        CHECK(info.ssi_code == SI_USER);
        CHECK((::fcntl(signals.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
    check(::sigprocmask(SIG_SETMASK, nullptr, &after), "sigprocmask");
    for (const int signal : {SIGUSR1, SIGCHLD}) {
        CHECK(::sigismember(&after, signal) == ::sigismember(&before, signal));
    }
}

TEST_CASE("the end of a child is noticed though our caller ignored such news", "[common]") {
    Child child = child_that([] {
        ::signal(SIGCHLD, SIG_IGN);
        SignalFd signals{SIGCHLD};
        Child grandchild = child_that([] { return 7; });
        signals.next();
        int code = 0;
        return grandchild.has_ended(code) ? code : 1;
    });
    CHECK(child.wait() == 7);
}

TEST_CASE("before exec all signals are as a new program expects them", "[common]") {
    Child child = child_that([] {
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_SETMASK, &all, nullptr);
        for (const int signal : {SIGPIPE, SIGTERM, SIGCHLD, SIGRTMIN}) ::signal(signal, SIG_IGN);
        reset_signals();
        execute({probe(), "signal-mask"}, {});
        return 0;
    });
    CHECK(child.wait() == 0);
    const std::string expected = "blocked:\nignored:\n";
    Pipe pipe = make_pipe();
    Child other = child_that([&] {
        duplicate_onto(pipe.write_end.get(), STDOUT_FILENO);
        ::signal(SIGPIPE, SIG_IGN);
        ::signal(SIGHUP, SIG_IGN);
        reset_signals();
        execute({probe(), "signal-mask"}, {});
        return 0;
    });
    pipe.write_end.close();
    CHECK(read_all(pipe.read_end.get(), "pipe") == expected);
    CHECK(other.wait() == 0);
}

TEST_CASE("descriptors that others left open are not passed on", "[common]") {
    Pipe pipe = make_pipe();
    Child child = child_that([&] {
        duplicate_onto(pipe.write_end.get(), STDOUT_FILENO);
        duplicate_onto(pipe.write_end.get(), 50);
        duplicate_onto(pipe.write_end.get(), 500);
        close_on_exec_from(3);
        execute({probe(), "fds"}, {});
        return 0;
    });
    pipe.write_end.close();
    CHECK(read_all(pipe.read_end.get(), "pipe") == "0\n1\n2\n");
    CHECK(child.wait() == 0);
}

// Directories with programs of one name, and what becomes of them along a PATH.
class Places {
public:
    Places() {
        for (const std::string place : {"good", "plain", "empty", "directory", "none"}) {
            check(::mkdir(path(place).c_str(), 0755), "mkdir", place);
        }
        add("good", "#!" + probe() + " exit\n", 0755);
        add("plain", "#!" + probe() + " exit\n", 0644);
        add("empty", "", 0755);
        check(::mkdir((path("directory") + "/tool").c_str(), 0755), "mkdir");
    }

    std::string path(const std::string& place) const { return directory_ + "/" + place; }

    // The exit code of `tool`, looked for in these places; 43 when the good one runs.
    int run_in(const Words& places) const {
        std::string search = "PATH=";
        for (const auto& place : places) {
            if (search.size() > 5) search += ":";
            search += place.starts_with('/') || place.empty() ? place : path(place);
        }
        return child_that([&]() -> int { execute({"tool"}, {search}); }).wait();
    }

private:
    void add(const std::string& place, const std::string& text, unsigned mode) {
        write_file(path(place) + "/tool", text);
        check(::chmod((path(place) + "/tool").c_str(), mode), "chmod");
    }

    std::string directory_ = temporary_directory();
};

TEST_CASE("a program is looked for along the PATH as a shell does", "[common]") {
    const Places places;
    // `probe exit SCRIPT` complains about its argument: 1. It runs, that is the point.
    CHECK(places.run_in({"good"}) == 1);
    CHECK(places.run_in({"none", "good"}) == 1);
    CHECK(places.run_in({"/no/such", "/etc/passwd", "good"}) == 1);
    CHECK(places.run_in({"plain", "good"}) == 1);  // passed over
    CHECK(places.run_in({"directory", "good"}) == 1);
    CHECK(places.run_in({"none"}) == 127);
    CHECK(places.run_in({"/no/such"}) == 127);
    CHECK(places.run_in({"/etc/passwd"}) == 127);
    CHECK(places.run_in({"plain", "none"}) == 126);  // it was somewhere
    CHECK(places.run_in({"none", "plain"}) == 126);
    CHECK(places.run_in({"empty", "good"}) == 126);  // it is a program that does not work
    CHECK(places.run_in({""}) == 127);
}

TEST_CASE("a directory of the PATH that we may not search has nothing for us", "[common]") {
    const Places places;
    check(::chmod(places.path("plain").c_str(), 0), "chmod");
    const auto code = [&](const std::string& search) {
        return child_that([&]() -> int {
                   if (is_root()) check(::setuid(65534), "setuid");
                   execute({"tool"}, {"PATH=" + search});
               })
            .wait();
    };
    CHECK(code(places.path("plain")) == 127);
    CHECK(code(places.path("plain") + ":" + places.path("none")) == 127);
    check(::chmod(places.path("plain").c_str(), 0755), "chmod");
    CHECK(code(places.path("plain")) == 126);
}

TEST_CASE("a name with a slash is a path, and PATH counts for nothing", "[common]") {
    const Places places;
    const auto code = [&](const std::string& name) {
        return child_that([&]() -> int {
                   check(::chdir(places.path("good").c_str()), "chdir");
                   execute({name}, {"PATH=" + places.path("good")});
               })
            .wait();
    };
    CHECK(code("./tool") == 1);
    CHECK(code(places.path("good/tool")) == 1);
    CHECK(code("x/tool") == 127);
    CHECK(code("tool/x") == 127);
    CHECK(code(places.path("plain/tool")) == 126);
    CHECK(code("") == 127);
}

TEST_CASE("a program that did not start is named, with a hint where there is one", "[common]") {
    const std::string path = temporary_directory() + "/script";
    write_file(path, "#!/no/such/interpreter\n");
    check(::chmod(path.c_str(), 0755), "chmod");
    CHECK_THROWS_WITH(execute({path}, {}),
                      "exec " + path +
                          ": No such file or directory (the file is there: is its interpreter or "
                          "loader missing?)");
    write_file(path, "text\n");
    CHECK_THROWS_WITH(execute({path}, {}), "exec " + path +
                                               ": Exec format error (neither a program for this "
                                               "machine nor a script with #!)");
    CHECK_THROWS_WITH(execute({"/no/such"}, {}), "exec /no/such: No such file or directory");
}

TEST_CASE("a program gets its arguments and this environment, no other", "[common]") {
    Pipe pipe = make_pipe();
    Child child = child_that([&] {
        duplicate_onto(pipe.write_end.get(), STDOUT_FILENO);
        execute({probe(), "env"}, {"A=1", "B=two words"});
        return 0;
    });
    pipe.write_end.close();
    CHECK(read_all(pipe.read_end.get(), "pipe") == "A=1\nB=two words\n");
    CHECK(child.wait() == 0);
    ::setenv("SLIPWAY_A_VARIABLE", "x", 1);
    const auto environment = current_environment();
    CHECK(std::ranges::find(environment, "SLIPWAY_A_VARIABLE=x") != environment.end());
    ::unsetenv("SLIPWAY_A_VARIABLE");
}

TEST_CASE("only what is not there counts as not found", "[common]") {
    CHECK(exit_code_for_exec(ENOENT) == 127);
    CHECK(exit_code_for_exec(ENOTDIR) == 127);
    for (const int error : {EACCES, ENOEXEC, EISDIR, ELOOP, E2BIG, ETXTBSY, EPERM, ENOMEM}) {
        CHECK(exit_code_for_exec(error) == 126);
    }
}
