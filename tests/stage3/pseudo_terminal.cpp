#include "tests/stage3/pseudo_terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <array>

#include "common/file.hpp"

static constexpr std::chrono::milliseconds kDeadline{30'000};

// What the terminal's other end is called (pty(7)).
static std::string name_of_other_end(int master) {
    std::array<char, 100> name{};
    check(::grantpt(master), "grantpt");
    check(::unlockpt(master), "unlockpt");
    if (::ptsname_r(master, name.data(), name.size()) != 0) throw SystemError{errno, "ptsname"};
    return name.data();
}

[[noreturn]] static void become(const Words& command, const std::string& terminal) {
    try {
        check(::setsid(), "setsid");
        const Fd fd{check(::open(terminal.c_str(), O_RDWR | O_CLOEXEC), "open", terminal)};
        check(::ioctl(fd.get(), TIOCSCTTY, 0), "TIOCSCTTY", terminal);
        for (const int stream : {0, 1, 2}) duplicate_onto(fd.get(), stream);
        auto environment = current_environment();
        std::erase_if(environment, [](const auto& entry) { return entry.starts_with("PS1="); });
        environment.push_back("PS1=> ");
        environment.push_back("TERM=dumb");
        reset_signals();
        execute(command, environment);
    } catch (const std::exception& error) {
        ::_exit(report_failure("terminal", error, 99));
    }
}

AtTerminal::AtTerminal(const Words& command)
    : master_{check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt")} {
    const std::string terminal = name_of_other_end(master_.get());
    check(::tcgetattr(master_.get(), &modes_), "tcgetattr", "terminal");
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) become(command, terminal);
    child_ = Child{pid};
}

void AtTerminal::type(std::string_view keys) {
    write_all(master_.get(), keys, "terminal");
}

// False at the deadline, and when nobody is at the other end any more.
bool AtTerminal::read_more() {
    pollfd readable{master_.get(), POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(patient(kDeadline).count())) != 1) return false;
    std::array<char, 4096> piece;
    const auto count = ::read(master_.get(), piece.data(), piece.size());
    if (count <= 0) return false;
    output_.append(piece.data(), static_cast<std::size_t>(count));
    return true;
}

std::string AtTerminal::wait_for(std::string_view text) {
    while (true) {
        const auto at = output_.find(text, seen_);
        const auto end = at == std::string::npos ? at : output_.find_first_of("\r\n", at);
        const bool is_prompt = text.ends_with("> ");
        if (at != std::string::npos && (is_prompt || end != std::string::npos)) {
            seen_ = at + text.size();
            return is_prompt ? "" : output_.substr(seen_, end - seen_);
        }
        if (!read_more()) {
            throw Failure{"no '" + std::string{text} + "' at the terminal; it shows:\n" + output_};
        }
    }
}

void AtTerminal::resize(unsigned short rows, unsigned short columns) {
    const winsize size{rows, columns, 0, 0};
    check(::ioctl(master_.get(), TIOCSWINSZ, &size), "TIOCSWINSZ", "terminal");
}

bool AtTerminal::modes_are_as_before() const {
    termios now{};
    check(::tcgetattr(master_.get(), &now), "tcgetattr", "terminal");
    return now.c_lflag == modes_.c_lflag && now.c_iflag == modes_.c_iflag &&
           now.c_oflag == modes_.c_oflag;
}

int AtTerminal::wait() {
    int exit_code = 0;
    wait_until(
        [&] {
            // Read on, or it could be stopped at a full terminal.
            pollfd readable{master_.get(), POLLIN, 0};
            if (::poll(&readable, 1, 0) == 1) read_more();
            return child_.has_ended(exit_code);
        },
        "the end of the program at the terminal");
    return exit_code;
}
