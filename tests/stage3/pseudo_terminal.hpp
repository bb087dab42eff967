// A person at a terminal: types, and reads what comes.
#pragma once

#include <termios.h>

#include <string>
#include <string_view>

#include "tests/stage3/container.hpp"

inline constexpr std::string_view kCtrlC = "\x03";
inline constexpr std::string_view kCtrlD = "\x04";
inline constexpr std::string_view kCtrlZ = "\x1a";

// A shell with job control that remembers nothing of what is typed (bash(1), HISTFILE).
inline const Words kJobShell = {"env", "HISTFILE=", "bash", "--norc", "--noediting", "-i"};

// A program at a pseudo-terminal of its own, as the leader of a new session; its prompt, where it
// is a shell, is "> ". Killed and reaped by the destructor.
class AtTerminal {
public:
    explicit AtTerminal(const Words& command);

    pid_t pid() const { return child_.pid(); }

    // What is typed is echoed: write `do''ne` where you then wait for `done`.
    void type(std::string_view keys);

    // Until the text comes, in what has been printed since the last text that was waited for; at
    // the deadline it throws, with all that was printed. Returns the rest of the line.
    std::string wait_for(std::string_view text);

    // All that was printed so far.
    const std::string& output() const { return output_; }

    // Gives the terminal another size, as a person does with its window.
    void resize(unsigned short rows, unsigned short columns);

    // Whether its modes are those with which it began: echo, whole lines, Ctrl-C.
    bool modes_are_as_before() const;

    // The exit code.
    int wait();

private:
    bool read_more();

    Fd master_;
    termios modes_{};
    Child child_;
    std::string output_;
    std::size_t seen_ = 0;
};
