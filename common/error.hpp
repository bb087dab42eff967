// Errors that name three things: what was tried, on what, and why it failed.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>

// "open /tmp/x: No such file or directory", and a hint in parentheses where one is known.
class SystemError : public std::runtime_error {
public:
    SystemError(int error, std::string_view call, std::string_view object = {},
                std::string_view hint = {});

    // The errno value.
    int error() const { return error_; }

private:
    int error_;
};

// The command line was wrong. The text says what, and ends with how to get help.
class UsageError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Any other failure, in words of ours.
class Failure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The one way in which a system call is checked: returns its result, or throws SystemError with
// errno when the result is -1. `object` is what the call was made on, mostly a path.
template <class Result>
Result check(Result result, std::string_view call, std::string_view object = {}) {
    if (result == static_cast<Result>(-1)) throw SystemError{errno, call, object};
    return result;
}

// Makes the call again for as long as a signal interrupts it (EINTR). Never for close(2).
template <class Call>
auto retry(Call call) -> decltype(call()) {
    while (true) {
        const auto result = call();
        if (result != -1 || errno != EINTR) return result;
    }
}

// "No such file or directory" for ENOENT: strerror(3) without its static buffer.
std::string error_text(int error);

// The text with control characters (also those that turn the direction of writing) and invalid
// UTF-8 as \xNN, fit for a terminal and for one line.
std::string printable(std::string_view text);

// Prints `program: text` as one line on stderr and returns `exit_code`, for the end of main().
int report_failure(std::string_view program, const std::exception& error, int exit_code);
