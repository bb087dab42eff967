#include "stage6-daemon-shim/core/client/terminal.hpp"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

TerminalSize terminal_size() {
    for (const int fd : {STDOUT_FILENO, STDIN_FILENO}) {
        winsize size{};
        if (::ioctl(fd, TIOCGWINSZ, &size) == 0) return {size.ws_row, size.ws_col};
    }
    return {};
}

void check_input_is_terminal() {
    if (::isatty(STDIN_FILENO) == 0) throw NoTerminal{"the input device is not a TTY"};
}

LentTerminal::LentTerminal(bool raw, std::function<void(TerminalSize)> resize)
    : resize_{std::move(resize)}, raw_{raw && ::isatty(STDIN_FILENO) == 1} {
    if (!raw_) return;
    check(::tcgetattr(STDIN_FILENO, &before_), "tcgetattr", "standard input");
    enter();
}

LentTerminal::~LentTerminal() {
    leave();
}

// In the background both calls stop us (SIGTTOU) until the shell brings us to the front.
void LentTerminal::enter() {
    if (!raw_) return;
    termios modes = before_;
    ::cfmakeraw(&modes);
    check(retry([&] { return ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes); }), "tcsetattr",
          "standard input");
}

void LentTerminal::leave() {
    // An error means that the terminal is gone: there is nothing to restore.
    if (raw_) retry([&] { return ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_); });
}

void LentTerminal::send_size() {
    const TerminalSize size = terminal_size();
    if (size.known()) resize_(size);
}

bool LentTerminal::take_signal(int signal) {
    switch (signal) {
        case SIGWINCH: send_size(); return true;
        case SIGTSTP:
            leave();
            ::raise(SIGSTOP);  // it comes back with SIGCONT
            return true;
        case SIGCONT:
            enter();
            send_size();
            return true;
        default: return false;
    }
}
