// Verbs that ask the kernel for one thing by its number, to see whether it is refused.
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/options.hpp"
#include "tests/probe/probe.hpp"

// "ok", or the error by its name: EPERM. The arguments are numbers; pointers are null, or nothing
// that could be read.
static int make_call(const Arguments& words) {
    std::array<long, 7> numbers{};
    for (std::size_t i = 0; i < words.size() && i < numbers.size(); ++i) {
        numbers[i] = std::stol(words[i], nullptr, 0);
    }
    // In a child: some calls that go well would be the end of us.
    const pid_t child = check(::fork(), "fork");
    if (child == 0) {
        const long result = ::syscall(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4],
                                      numbers[5], numbers[6]);
        ::_exit(result == -1 ? errno : 0);
    }
    int status = 0;
    check(retry([&] { return ::waitpid(child, &status, 0); }), "waitpid");
    if (WIFSIGNALED(status)) {
        say("signal " + std::to_string(WTERMSIG(status)));
    } else {
        say(WEXITSTATUS(status) == 0 ? "ok" : ::strerrorname_np(WEXITSTATUS(status)));
    }
    return 0;
}

#if defined(__x86_64__)
// The same getpid by the 32-bit door: "ok", or killed.
static int call_32_bit(const Arguments&) {
    constexpr long getpid_of_i386 = 20;
    long result = getpid_of_i386;
    asm volatile("int $0x80" : "+a"(result) : : "r8", "r9", "r10", "r11", "memory");
    say(result > 0 ? "ok" : "refused");
    return 0;
}
#else
static int call_32_bit(const Arguments&) {
    return 1;
}
#endif

// Opens it for writing and writes nothing: "ok" or the error's name.
static int open_for_writing(const Arguments& words) {
    const Fd file{::open(words[0].c_str(), O_WRONLY | O_CLOEXEC)};
    say(file ? "ok" : ::strerrorname_np(errno));
    return 0;
}

static int open_for_reading(const Arguments& words) {
    const Fd file{::open(words[0].c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    char byte = 0;
    if (!file) {
        say(::strerrorname_np(errno));
    } else {
        say(::read(file.get(), &byte, 1) == 1 ? "read" : "empty");
    }
    return 0;
}

static int ask_for_realtime(const Arguments&) {
    const sched_param parameters{.sched_priority = 1};
    const int result = ::sched_setscheduler(0, SCHED_FIFO, &parameters);
    say(result == 0 ? "ok" : ::strerrorname_np(errno));
    return 0;
}

// For those who look at a path twice: between any two looks it is something else.
static int exchange_for_ever(const Arguments& words) {
    say("ready");
    while (true) {
        check(::renameat2(AT_FDCWD, words[0].c_str(), AT_FDCWD, words[1].c_str(), RENAME_EXCHANGE),
              "exchange", words[0]);
    }
}

static int execute_all(const Arguments& words) {
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    return check(::execv(arguments[0], arguments.data()), "exec", words[0]);
}

// From the second word on.
static int execute_rest(const Arguments& words) {
    return execute_all({words.begin() + 1, words.end()});
}

static int execute_in_chroot(const Arguments& words) {
    check(::chroot(words[0].c_str()), "chroot", words[0]);
    check(::chdir("/"), "chdir", "/");
    return execute_rest(words);
}

// chroot(2) leaves the working directory where it is: above the new root `..` knows no end but the
// top of all mounts.
static int execute_outside_of_chroot(const Arguments& words) {
    check(::chdir("/"), "chdir", "/");
    check(::chroot("proc"), "chroot", "proc");
    for (int i = 0; i < 1000; ++i) check(::chdir(".."), "chdir", "..");
    check(::chroot("."), "chroot", ".");
    return execute_all(words);
}

// The timer outlives the exec (alarm(2)): it is the program's then.
static int execute_with_alarm(const Arguments& words) {
    const long milliseconds = std::stol(words[0]);
    const itimerval timer{{}, {milliseconds / 1000, milliseconds % 1000 * 1000}};
    check(::setitimer(ITIMER_REAL, &timer, nullptr), "setitimer");
    return execute_rest(words);
}

// As if somebody had typed it at this terminal (ioctl_tty(2), TIOCSTI).
static int push_keys(const Arguments& words) {
    for (const char key : words[0]) {
        check(::ioctl(STDIN_FILENO, TIOCSTI, &key), "push", "a key");
    }
    const char enter = '\n';
    check(::ioctl(STDIN_FILENO, TIOCSTI, &enter), "push", "a key");
    return 0;
}

std::vector<Verb> calling_verbs() {
    return {{"call", "NUMBER [ARG]", "a system call: ok or EPERM", make_call},
            {"call-32-bit", "", "getpid through int 0x80", call_32_bit},
            {"chroot", "DIR PROGRAM [ARG]", "executes it in another root", execute_in_chroot},
            {"break-out", "PROGRAM [ARG]", "out of a chroot", execute_outside_of_chroot},
            {"alarm", "MS PROGRAM [ARG]", "executes it, SIGALRM is to come", execute_with_alarm},
            {"realtime", "", "asks to run before all others: ok or EPERM", ask_for_realtime},
            {"exchange", "PATH PATH", "says ready, exchanges the two for ever", exchange_for_ever},
            {"push-keys", "TEXT", "types a line at its own terminal", push_keys},
            {"may-write", "PATH", "opens it for writing: ok or EROFS", open_for_writing},
            {"may-read", "PATH", "reads a byte: read, empty or EPERM", open_for_reading}};
}
