// What a process can do, and the ways in which it can misbehave.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <memory>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "common/process.hpp"
#include "tests/probe/probe.hpp"

static long number(const std::string& text) {
    return parse_number(text, "number", 0, 1L << 40);
}

[[noreturn]] static void pause_for_ever() {
    while (true) ::pause();
}

static int sleep_for_ever(const Arguments&) {
    say("ready");
    pause_for_ever();
}

static int ignore_polite_signals(const Arguments&) {
    ::signal(SIGTERM, SIG_IGN);
    ::signal(SIGINT, SIG_IGN);
    return sleep_for_ever({});
}

static volatile sig_atomic_t caught = 0;

// With a handler, as most programs do it: from outside it shows in SigCgt of /proc/PID/status.
static int catch_signal(const Arguments& arguments) {
    const int wanted = static_cast<int>(number(arguments[0]));
    sigset_t only, before;
    ::sigemptyset(&only);
    ::sigaddset(&only, wanted);
    check(::sigprocmask(SIG_BLOCK, &only, &before), "sigprocmask");
    struct sigaction action {};
    action.sa_handler = [](int received) { caught = received; };
    check(::sigaction(wanted, &action, nullptr), "sigaction", arguments[0]);
    say("ready");
    ::sigdelset(&before, wanted);
    while (caught == 0) ::sigsuspend(&before);
    say("caught " + std::to_string(caught));
    return 0;
}

// Without a handler, as a program does it that has a thread for its signals: sigwait(3).
static int wait_for_signal(const Arguments& arguments) {
    const int wanted = static_cast<int>(number(arguments[0]));
    sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, wanted);
    check(::sigprocmask(SIG_BLOCK, &only, nullptr), "sigprocmask");
    say("ready");
    int received = 0;
    ::sigwait(&only, &received);
    say("caught " + std::to_string(received));
    return 0;
}

// Deaf for a moment after a SIGTERM has come, then as deadly to it as ever: what a shell is while
// it starts a program.
static int block_term(const Arguments& arguments) {
    sigset_t only, pending;
    ::sigemptyset(&only);
    ::sigaddset(&only, SIGTERM);
    check(::sigprocmask(SIG_BLOCK, &only, nullptr), "sigprocmask");
    say("ready");
    while (::sigpending(&pending) == 0 && ::sigismember(&pending, SIGTERM) == 0) {
        ::poll(nullptr, 0, 1);
    }
    ::poll(nullptr, 0, static_cast<int>(number(arguments[0])));
    check(::sigprocmask(SIG_UNBLOCK, &only, nullptr), "sigprocmask");
    pause_for_ever();
}

// As an interactive shell begins: in a process group of its own, and that is the terminal's.
static int take_terminal(const Arguments&) {
    ::signal(SIGTTOU, SIG_IGN);
    check(::setpgid(0, 0), "setpgid");
    check(::tcsetpgrp(STDIN_FILENO, ::getpgrp()), "tcsetpgrp", "standard input");
    say("ready");
    std::array<char, 100> line;
    return ::read(STDIN_FILENO, line.data(), line.size()) > 0 ? 0 : 1;
}

// The grandchild leaves session and streams behind, as a daemon does.
static int leave_orphan(const Arguments&) {
    Pipe pipe = make_pipe();
    const pid_t child = check(::fork(), "fork");
    if (child == 0) {
        ::setsid();
        if (::fork() != 0) ::_exit(0);
        const pid_t own = ::getpid();
        const Fd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        for (int fd = 0; null && fd <= STDERR_FILENO; ++fd) ::dup2(null.get(), fd);
        write_all(pipe.write_end.get(), std::to_string(own), "pipe");
        ::close_range(3, ~0u, 0);
        pause_for_ever();
    }
    pipe.write_end.close();
    Child{child}.wait();
    say(read_all(pipe.read_end.get(), "pipe"));
    return 0;
}

// Orphans that end as soon as they are orphans. Says how many of them somebody has reaped: within
// three seconds, though a process 1 that reaps does it as soon as it has its turn.
static int count_reaped(const Arguments& arguments) {
    Pipe pipe = make_pipe();
    std::vector<pid_t> orphans(static_cast<std::size_t>(number(arguments[0])));
    for (pid_t& orphan : orphans) {
        const pid_t parent = check(::fork(), "fork");
        if (parent == 0) {
            const pid_t self = ::getpid();
            const pid_t child = ::fork();
            if (child != 0)
                ::_exit(::write(pipe.write_end.get(), &child, sizeof child) > 0 ? 0 : 1);
            while (::getppid() == self) ::poll(nullptr, 0, 1);
            ::_exit(0);
        }
        Child{parent}.wait();
        check(::read(pipe.read_end.get(), &orphan, sizeof orphan), "read", "pipe");
    }
    const auto is_reaped = [](pid_t pid) { return ::kill(pid, 0) == -1 && errno == ESRCH; };
    for (int i = 0; i < 300 && !std::ranges::all_of(orphans, is_reaped); ++i) {
        ::poll(nullptr, 0, 10);
    }
    say(std::to_string(std::ranges::count_if(orphans, is_reaped)));
    return 0;
}

static int eat_memory(const Arguments& arguments) {
    constexpr std::size_t megabyte = 1u << 20;
    std::vector<std::unique_ptr<char[]>> eaten;
    for (long i = 0; i < number(arguments[0]); ++i) {
        eaten.push_back(std::make_unique_for_overwrite<char[]>(megabyte));
        std::fill_n(eaten.back().get(), megabyte, static_cast<char>(i + 1));
    }
    say("ate " + std::to_string(eaten.size()));
    return 0;
}

// For ever, or for some milliseconds of wall time: then it prints those that it had a processor.
static int burn(const Arguments& arguments) {
    using Clock = std::chrono::steady_clock;
    say("ready");
    const auto start = Clock::now();
    while (arguments.empty() ||
           Clock::now() - start < std::chrono::milliseconds{number(arguments[0])}) {
    }
    say(std::to_string(std::clock() * 1000 / CLOCKS_PER_SEC));
    return 0;
}

static int fork_many(const Arguments& arguments) {
    std::vector<Child> children;
    std::string outcome = "ok";
    while (std::ssize(children) < number(arguments[0])) {
        const pid_t pid = ::fork();
        if (pid == 0) pause_for_ever();
        if (pid == -1) {
            outcome = error_text(errno);
            break;
        }
        children.emplace_back(pid);
    }
    say(std::to_string(children.size()) + " " + outcome);
    return 0;
}

// A child that has ended and that nobody waits for, as long as this one sleeps.
static int keep_zombie(const Arguments&) {
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) ::_exit(0);
    siginfo_t ended{};
    check(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), "waitid");
    return sleep_for_ever({});
}

static int spew(const Arguments& arguments) {
    const std::string line = std::string(63, 'x') + "\n";
    for (long left = number(arguments[0]); left > 0; left -= std::ssize(line)) {
        print(std::string_view{line}.substr(0, std::min(line.size(), std::size_t(left))));
    }
    return 0;
}

static int echo(const Arguments&) {
    std::array<char, 65536> piece;
    while (true) {
        const auto count =
            check(retry([&] { return ::read(0, piece.data(), piece.size()); }), "read", "stdin");
        if (count == 0) return 0;
        print({piece.data(), static_cast<std::size_t>(count)});
    }
}

static int write_streams(const Arguments& arguments) {
    say(arguments[0]);
    write_all(STDERR_FILENO, arguments[1] + "\n", "standard error");
    return 0;
}

static int send_signal(const Arguments& arguments) {
    const bool group = arguments[0].starts_with('-');
    const auto pid = static_cast<pid_t>(number(arguments[0].substr(group ? 1 : 0)));
    check(::kill(group ? -pid : pid, static_cast<int>(number(arguments[1]))), "kill", arguments[0]);
    return 0;
}

static int make_device(const Arguments& arguments) {
    const dev_t device = makedev(static_cast<unsigned>(number(arguments[1])),
                                 static_cast<unsigned>(number(arguments[2])));
    check(::mknod(arguments[0].c_str(), S_IFCHR | 0666, device), "mknod", arguments[0]);
    return 0;
}

static int touch(const Arguments& arguments) {
    const Fd file{check(::open(arguments[0].c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "open",
                        arguments[0])};
    return 0;
}

static int set_hostname(const Arguments& arguments) {
    check(::sethostname(arguments[0].data(), arguments[0].size()), "sethostname", arguments[0]);
    return 0;
}

std::vector<Verb> acting_verbs() {
    return {
        {"exit", "CODE", "ends with it",
         [](auto& words) { return static_cast<int>(number(words[0])); }},
        {"streams", "OUT ERR", "a line on each", write_streams},
        {"spew", "BYTES", "so many on stdout", spew},
        {"read", "", "stdin to stdout, to its end", echo},
        {"sleep", "", "says ready, pauses for ever", sleep_for_ever},
        {"ignore-term", "", "the same, deaf to SIGTERM and SIGINT", ignore_polite_signals},
        {"block-term", "MS", "says ready; blocks SIGTERM until MS after it came", block_term},
        {"catch", "SIGNAL", "says ready; then caught N, and ends with 0", catch_signal},
        {"sigwait", "SIGNAL", "the same without a handler", wait_for_signal},
        {"take-terminal", "", "as a shell does: says ready, reads a line, leaves", take_terminal},
        {"orphan", "", "leaves a daemon that pauses, says its number", leave_orphan},
        {"reaped", "COUNT", "leaves orphans that end; how many were reaped", count_reaped},
        {"zombie", "", "keeps one, says ready, pauses for ever", keep_zombie},
        {"forks", "COUNT", "how many went well: 5 ok", fork_many},
        {"eat", "MB", "touches so much memory: ate 5", eat_memory},
        {"burn", "[MS]", "says ready, spins; then milliseconds of processor time", burn},
        {"kill", "PID SIGNAL", "-PID for a process group", send_signal},
        {"mknod", "PATH MAJOR MINOR", "a character device", make_device},
        {"touch", "PATH", "makes a file", touch},
        {"write", "PATH TEXT", "writes a line to it",
         [](auto& words) {
             write_file(words[0], words[1] + "\n");
             return 0;
         }},
        {"sethostname", "NAME", "", set_hostname},
    };
}
