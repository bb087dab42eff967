#include "tests/stage2/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <array>
#include <cstring>

#include "common/error.hpp"
#include "common/file.hpp"

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

void Terminal::wait_for(std::string_view text) {
    auto found = printed_.find(text);
    while (found == std::string::npos) {
        pollfd ready{keyboard_.get(), POLLIN, 0};
        std::array<char, 4096> piece;
        if (::poll(&ready, 1, 10'000) != 1) {
            throw Failure{"the terminal shows no " + std::string{text} + " but: " + printed_};
        }
        const auto count =
            check(::read(keyboard_.get(), piece.data(), piece.size()), "read", "terminal");
        printed_.append(piece.data(), static_cast<std::size_t>(count));
        found = printed_.find(text);
    }
    printed_.erase(0, found + text.size());
}

bool Terminal::modes_are_as_before() const {
    const termios now = modes_of(screen_.get());
    return now.c_lflag == modes_.c_lflag && now.c_iflag == modes_.c_iflag &&
           now.c_oflag == modes_.c_oflag && now.c_cflag == modes_.c_cflag &&
           std::memcmp(now.c_cc, modes_.c_cc, sizeof now.c_cc) == 0;
}
