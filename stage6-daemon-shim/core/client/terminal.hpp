// Our terminal, lent to a process somewhere else. termios(3), tty_ioctl(4).
#pragma once

#include <termios.h>

#include <functional>

#include "common/error.hpp"

struct TerminalSize {
    unsigned rows = 0, columns = 0;

    bool known() const { return rows != 0 && columns != 0; }
};

// Of the terminal at standard output, or else at standard input; zeros where neither is one.
TerminalSize terminal_size();

class NoTerminal : public Failure {
    using Failure::Failure;
};

// Throws NoTerminal with Docker's words unless standard input is a terminal.
void check_input_is_terminal();

// A signal asks us to end, and what must be put right is put right on the way to main().
struct EndedBySignal {
    int signal;
};

// While it lives, keys go to us one by one and unchanged: no echo, no line to edit, and Ctrl-C is a
// byte like any other, where `raw`. The modes from before come back with its destruction, whatever
// the reason, and while we are stopped.
class LentTerminal {
public:
    // `resize` is called with each new size of the terminal.
    LentTerminal(bool raw, std::function<void(TerminalSize)> resize);
    LentTerminal(const LentTerminal&) = delete;
    LentTerminal& operator=(const LentTerminal&) = delete;
    ~LentTerminal();

    // Does what the signal asks of a terminal's user: a new size (WINCH), a stop (TSTP), going on
    // after one (CONT). False for all others.
    bool take_signal(int signal);

private:
    void enter();
    void leave();
    void send_size();

    std::function<void(TerminalSize)> resize_;
    bool raw_;
    termios before_{};
};
