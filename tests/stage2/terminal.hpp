// A person at a terminal (pty(7)): types keys, and reads what is printed.
#pragma once

#include <termios.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/fd.hpp"
#include "common/process.hpp"

// A program with a terminal of its own. Killed and reaped by the destructor.
class Terminal {
public:
    explicit Terminal(const std::vector<std::string>& command);

    void type(std::string_view keys);

    // Until the text comes in what was printed since the last that was waited for; throws when
    // nothing more comes for usual_deadline().
    void wait_for(std::string_view text);

    // The exit code; throws when there is none in time, and shows what was printed.
    int wait();

    bool modes_are_as_before() const;

private:
    bool read_more(int milliseconds);

    Fd keyboard_, screen_;
    termios modes_{};
    std::string printed_;
    Child child_;
};
