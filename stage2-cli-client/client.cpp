#include "stage2-cli-client/client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include "common/file.hpp"
#include "common/socket.hpp"
#include "stage1-tcp-manager/protocol.hpp"
#include "stage1-tcp-manager/validation.hpp"
#include "stage2-cli-client/reply.hpp"

static constexpr std::chrono::seconds kReplyTimeout{10};
static constexpr std::chrono::seconds kSendTimeout{10};
static constexpr std::chrono::seconds kLeaveTimeout{1};
// How long a text without a newline must be followed by nothing to be a reply: one that we know,
// and any other, of which more may come.
static constexpr std::chrono::milliseconds kQuietKnown{20};
static constexpr std::chrono::milliseconds kQuietUnknown{1000};

// A signal asked us to end.
struct Interrupted {
    int signal;
};

static Fd connect_to(const TcpAddress& address) try {
    return connect_tcp(address);
} catch (const SystemError& error) {
    const bool refused = error.error() == ECONNREFUSED;
    throw Unreachable{std::string{error.what()} + (refused ? " (is the manager running?)" : "")};
} catch (const Failure& error) {
    throw Unreachable{error.what()};
}

Client::Client(const TcpAddress& address) : address_{address}, socket_{connect_to(address)} {}

int Client::interact() try {
    print("Connected successfully to the Container Manager Daemon at " + address_.text() + "\n");
    command_loop();
    leave("exit");
    return 0;
} catch (const Interrupted& interrupted) {
    leave("exit");
    return 128 + interrupted.signal;
} catch (const SystemError&) {
    leave("Connection closed.");
    throw;
}

void Client::command_loop() {
    while (true) {
        const auto command = ask("Enter command (run, stop or list), exit to quit interface: ");
        if (!command || *command == "quit" || *command == "exit") return;
        if (*command == "run" || *command == "stop") {
            const auto name = ask("Enter container name: ");
            if (!name) return;
            if (name->empty()) {
                print("Container name required\n");
            } else if (const std::string why = why_invalid_name(*name); !why.empty()) {
                print(why + "\n");
            } else {
                ship_and_show(*command + " " + *name);
            }
        } else if (*command == "list") {
            ship_and_show("list");
        } else {
            print("Unknown instruction token. Valid primitives: run, stop, list, exit.\n");
        }
    }
}

void Client::execute(const std::string& command) {
    ship(command);
    const std::string reply = await_reply(command);
    leave("exit");
    switch (outcome_of(command, reply)) {
        case Outcome::done: return print(printable(reply) + "\n");
        case Outcome::refused: throw Refused{printable(reply)};
        case Outcome::unexpected:
            throw lost("unexpected reply: \"" + printable(reply.substr(0, 80)) + "\"");
    }
}

// A line from the keyboard without the blanks around it; nothing when there will be no more.
// Meanwhile it listens to the manager too: one that goes away is told at once.
std::optional<std::string> Client::ask(std::string_view prompt) {
    show_unasked();
    print(prompt);
    std::string line;
    while (!take_typed_line(line)) {
        if (typed_all_) {
            print("\n");
            return {};
        }
        const Ready ready = wait(true, {});
        if (ready.manager) {
            if (!receive()) {
                print("\n");
                throw lost("connection closed by the manager");
            }
            print("\n");
            show_unasked();
            print(prompt);
        }
        if (!ready.keyboard) continue;
        char piece[kLineBytesMax];
        const auto count = check(retry([&] { return ::read(STDIN_FILENO, piece, sizeof piece); }),
                                 "read", "standard input");
        typed_all_ = count == 0;
        typed_.append(piece, static_cast<std::size_t>(count));
    }
    return line;
}

// The last line may lack its newline.
bool Client::take_typed_line(std::string& line) {
    const auto end = typed_.find('\n');
    if (end == std::string::npos && typed_.size() > kLineBytesMax) {
        throw SystemError{EMSGSIZE, "read", "standard input", "no newline in 4096 bytes"};
    }
    if (end == std::string::npos && (!typed_all_ || typed_.empty())) return false;
    line = typed_.substr(0, end);
    typed_.erase(0, end == std::string::npos ? end : end + 1);
    if (line.ends_with('\r')) line.pop_back();
    line = trimmed(line);
    return true;
}

void Client::ship_and_show(const std::string& command) {
    ship(command);
    print("[Client Packet Shipped: " + command + "]\n");
    print(printable(await_reply(command)) + "\n\n");
}

void Client::ship(std::string_view command) try {
    send_all(socket_.get(), std::string{command} + "\n", kSendTimeout);
} catch (const SystemError& error) {
    throw lost(error.what());
}

// The reply without its newline. A manager like the article's sends none: then it is over when
// nothing follows for a moment.
std::string Client::await_reply(std::string_view command) {
    auto last_received = Clock::now();
    for (std::size_t searched = 0;;) {
        const auto end = received_.find('\n', searched);
        searched = received_.size();
        if (end != std::string::npos) {
            ends_its_replies_ = true;
            std::string reply = received_.substr(0, end);
            received_.erase(0, end + 1);
            return reply;
        }
        if (received_.size() > kReplyBytesMax) throw lost("a reply without an end");
        const bool known = outcome_of(command, received_) != Outcome::unexpected;
        const bool by_quiet = !received_.empty() && !ends_its_replies_;
        const auto deadline = by_quiet ? last_received + (known ? kQuietKnown : kQuietUnknown)
                                       : last_received + kReplyTimeout;
        const Ready ready = wait(false, deadline);
        if (ready.nothing && !by_quiet) throw lost("no reply within 10 seconds");
        if (ready.nothing) return std::exchange(received_, {});
        if (receive()) {
            last_received = Clock::now();
        } else if (known && by_quiet) {
            return std::exchange(received_, {});
        } else {
            throw lost("connection closed before the reply");
        }
    }
}

// Says goodbye, ends our sending side and reads to the end of the other. To close with bytes unread
// would reset the connection, and a reset kills the article's manager.
void Client::leave(std::string_view last_word) {
    const Deadline until = Clock::now() + kLeaveTimeout;
    try {
        send_all(socket_.get(), std::string{last_word} + "\n", kLeaveTimeout);
        ::shutdown(socket_.get(), SHUT_WR);
        while (true) {
            pollfd manager{socket_.get(), POLLIN, 0};
            if (::poll(&manager, 1, milliseconds_until(until)) != 1 || !receive()) return;
            received_.clear();
        }
    } catch (const SystemError&) {
        // It has gone before us.
    }
}

Client::Ready Client::wait(bool for_keyboard, Deadline until) {
    pollfd ready[] = {{for_keyboard ? STDIN_FILENO : -1, POLLIN, 0},
                      {socket_.get(), POLLIN, 0},
                      {signals_.get(), POLLIN, 0}};
    const int count = check(
        retry([&] { return ::poll(ready, std::size(ready), milliseconds_until(until)); }), "poll");
    if (ready[2].revents != 0) throw Interrupted{static_cast<int>(signals_.next().ssi_signo)};
    return {ready[0].revents != 0, ready[1].revents != 0, count == 0};
}

// False when the manager has ended the connection, in whichever way.
bool Client::receive() {
    char piece[64 * 1024];
    const auto count = retry([&] { return ::recv(socket_.get(), piece, sizeof piece, 0); });
    if (count > 0) received_.append(piece, static_cast<std::size_t>(count));
    return count > 0;
}

// What the manager said without being asked.
void Client::show_unasked() {
    if (!received_.empty()) print(printable(received_) + "\n");
    received_.clear();
}

Unreachable Client::lost(std::string_view why) const {
    return Unreachable{address_.text() + ": " + std::string{why}};
}
