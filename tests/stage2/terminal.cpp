#include "tests/stage2/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <array>
#include <cstring>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/testing.hpp"

[[noreturn]] static void become(const std::vector<std::string>& command, int terminal) noexcept
    try {
    check(::setsid(), "setsid");
    check(::ioctl(terminal, TIOCSCTTY, 0), "ioctl TIOCSCTTY");
    for (const int number : {0, 1, 2}) duplicate_onto(terminal, number);
    reset_signals();
    execute(command, current_environment());
} catch (const std::exception& error) {
    ::_exit(report_failure("terminal", error, 99));
}

static termios modes_of(int terminal) {
    termios modes{};
    check(::tcgetattr(terminal, &modes), "tcgetattr");
    return modes;
}

Terminal::Terminal(const std::vector<std::string>& command)
    : keyboard_{check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt")} {
    std::array<char, 64> name{};
    check(::grantpt(keyboard_.get()), "grantpt");
    check(::unlockpt(keyboard_.get()), "unlockpt");
    if (::ptsname_r(keyboard_.get(), name.data(), name.size()) != 0) {
        throw SystemError{errno, "ptsname"};
    }
    screen_ = Fd{check(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC), "open", name.data())};
    modes_ = modes_of(screen_.get());
    child_ = Child{check(::fork(), "fork")};
    if (child_.pid() == 0) become(command, screen_.get());
}

void Terminal::type(std::string_view keys) {
    write_all(keyboard_.get(), keys, "terminal");
}

bool Terminal::read_more(int milliseconds) {
    pollfd ready{keyboard_.get(), POLLIN, 0};
    if (::poll(&ready, 1, milliseconds) != 1) return false;
    std::array<char, 4096> piece;
    const auto count =
        check(::read(keyboard_.get(), piece.data(), piece.size()), "read", "terminal");
    printed_.append(piece.data(), static_cast<std::size_t>(count));
    return true;
}

void Terminal::wait_for(std::string_view text) {
    auto found = printed_.find(text);
    while (found == std::string::npos) {
        if (!read_more(static_cast<int>(patient(usual_deadline()).count()))) {
            throw Failure{"the terminal shows no " + std::string{text} + " but: " + printed_};
        }
        found = printed_.find(text);
    }
    printed_.erase(0, found + text.size());
}

int Terminal::wait() {
    siginfo_t ended{};
    const auto has_ended = [&] {
        check(::waitid(P_PID, static_cast<id_t>(child_.pid()), &ended, WEXITED | WNOHANG | WNOWAIT),
              "waitid");
        return ended.si_pid != 0;
    };
    try {
        wait_until(has_ended, "the end of the program at the terminal");
    } catch (const std::exception& error) {
        while (read_more(0)) {
        }
        throw Failure{std::string{error.what()} + ", which shows: " + printed_};
    }
    return child_.wait();
}

bool Terminal::modes_are_as_before() const {
    const termios now = modes_of(screen_.get());
    return now.c_lflag == modes_.c_lflag && now.c_iflag == modes_.c_iflag &&
           now.c_oflag == modes_.c_oflag && now.c_cflag == modes_.c_cflag &&
           std::memcmp(now.c_cc, modes_.c_cc, sizeof now.c_cc) == 0;
}
