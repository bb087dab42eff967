// The client: it ships what is typed, and shows what comes back. It knows nothing of containers.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "common/process.hpp"
#include "stage2-cli-client/conversation.hpp"
#include "stage2-cli-client/line_buffer.hpp"

// The manager said no.
class Refused : public Failure {
    using Failure::Failure;
};

class Client {
public:
    // Connects. Throws Unreachable.
    explicit Client(const TcpAddress& address);

    // Asks for commands on standard input until `exit` or its end. Returns the exit code: 0, or
    // 128 + n when signal n ended it. Throws Unreachable; SystemError for its own input and output.
    int interact();

    // Ships one command, "run web", and prints the reply. Returns and throws as above, and Refused.
    int execute(const std::string& command);

private:
    enum class WaitFor { manager, manager_and_keyboard };

    void command_loop();
    std::optional<std::string> ask(std::string_view prompt);
    bool take_typed_line(std::string& line);
    void read_keyboard();
    void ship(const std::string& command);
    void show_replies();
    void show_unasked(std::string_view prompt);
    void say(std::string_view text);
    void flush();
    void wait(WaitFor what);

    TcpAddress address_;
    Conversation manager_;
    SignalFd signals_{SIGINT, SIGTERM};  // after connecting, which a signal may simply end
    LineBuffer typed_;
    bool typed_all_ = false;         // standard input has ended
    std::string said_;               // what goes to standard output before we wait again
    std::deque<std::string> later_;  // for each reply awaited: what is said after it
};
