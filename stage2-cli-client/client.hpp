// The client: it ships what is typed, and shows what comes back. It knows nothing of containers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/process.hpp"
#include "common/tcp_socket.hpp"
#include "stage1-tcp-manager/deadlines.hpp"

// There is no manager, or none any more.
class Unreachable : public Failure {
    using Failure::Failure;
};

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

    // Ships one command, "run web", and prints the reply. Throws Refused, Unreachable.
    void execute(const std::string& command);

private:
    struct Ready {
        bool keyboard, manager, nothing;
    };

    void command_loop();
    std::optional<std::string> ask(std::string_view prompt);
    bool take_typed_line(std::string& line);
    void ship_and_show(const std::string& command);
    void ship(std::string_view command);
    std::string await_reply(std::string_view command);
    void leave(std::string_view last_word);
    Ready wait(bool for_keyboard, Deadline until);
    bool receive();
    void show_unasked();
    Unreachable lost(std::string_view why) const;

    TcpAddress address_;
    Fd socket_;
    SignalFd signals_{SIGINT, SIGTERM};  // after connecting, which a signal may simply end
    std::string typed_;
    bool typed_all_ = false;  // standard input has ended
    std::string received_;
    bool ends_its_replies_ = false;  // the manager has sent a newline: ours does, the article's not
};
