#include "stage2-cli-client/client.hpp"

#include <poll.h>

#include "common/file.hpp"
#include "stage1-tcp-manager/protocol.hpp"
#include "stage1-tcp-manager/validation.hpp"
#include "stage2-cli-client/reply.hpp"

// A signal asked us to end.
struct Interrupted {
    int signal;
};

Client::Client(const TcpAddress& address) : address_{address}, manager_{address} {}

int Client::interact() try {
    say("Connected successfully to the Container Manager Daemon at " + address_.text() + "\n");
    command_loop();
    while (!later_.empty()) {
        wait(WaitFor::manager);
        show_replies();
    }
    flush();
    manager_.leave("exit");
    return 0;
} catch (const Interrupted& interrupted) {
    manager_.leave("exit");
    return 128 + interrupted.signal;
} catch (const Unreachable&) {
    flush();
    throw;
} catch (const SystemError&) {
    manager_.leave("Connection closed.");
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
                say("Container name required\n");
            } else if (const std::string why = why_invalid_name(*name); !why.empty()) {
                say(why + "\n");
            } else {
                ship(*command + " " + *name);
            }
        } else if (*command == "list") {
            ship("list");
        } else {
            say("Unknown instruction token. Valid primitives: run, stop, list, exit.\n");
        }
    }
}

int Client::execute(const std::string& command) try {
    manager_.ship(command);
    std::string reply;
    while (!manager_.take_reply(reply)) wait(WaitFor::manager);
    manager_.leave("exit");
    switch (outcome_of(command, reply)) {
        case Outcome::done: print(printable(reply) + "\n"); return 0;
        case Outcome::refused: throw Refused{printable(reply)};
        case Outcome::unexpected: break;
    }
    throw manager_.lost("unexpected reply: \"" + printable(reply.substr(0, 80)) + "\"");
} catch (const Interrupted& interrupted) {
    manager_.leave("exit");
    return 128 + interrupted.signal;
}

// A line from the keyboard without the blanks around it; nothing when there will be no more.
// Meanwhile it listens to the manager too: one that goes away is told at once.
std::optional<std::string> Client::ask(std::string_view prompt) {
    say(prompt);
    std::string line;
    while (!take_typed_line(line)) {
        if (typed_all_) {
            say("\n");
            return {};
        }
        wait(WaitFor::manager_and_keyboard);
        show_replies();
        show_unasked(prompt);
    }
    return line;
}

// The last line may lack its newline.
bool Client::take_typed_line(std::string& line) {
    if (!typed_.take_line(line)) {
        if (typed_.text().size() > kLineBytesMax) {
            throw SystemError{EMSGSIZE, "read", "standard input", "no newline in 4096 bytes"};
        }
        if (!typed_all_ || typed_.text().empty()) return false;
        line = typed_.take_rest();
    }
    if (line.ends_with('\r')) line.pop_back();
    line = trimmed(line);
    return true;
}

void Client::read_keyboard() {
    char piece[64 * 1024];
    const auto count = check(retry([&] { return ::read(STDIN_FILENO, piece, sizeof piece); }),
                             "read", "standard input");
    typed_all_ = count == 0;
    typed_.append({piece, static_cast<std::size_t>(count)});
}

// Returns when the next command may follow: at once when the manager can tell it from this one.
void Client::ship(const std::string& command) {
    say("[Client Packet Shipped: " + command + "]\n");
    manager_.ship(command);
    later_.emplace_back();
    while (!manager_.may_ship()) {
        wait(WaitFor::manager);
        show_replies();
    }
}

void Client::show_replies() {
    std::string reply;
    while (manager_.take_reply(reply)) {
        said_.append(printable(reply)).append("\n\n").append(later_.front());
        later_.pop_front();
    }
}

void Client::show_unasked(std::string_view prompt) {
    if (!later_.empty()) return;
    std::string words = manager_.take_unasked();
    if (words.ends_with('\n')) words.pop_back();
    if (!words.empty()) say("\n" + printable(words) + "\n" + std::string{prompt});
    if (!manager_.has_ended()) return;
    say("\n");
    throw manager_.lost("connection closed by the manager");
}

// What is said after a command comes after its reply, also when that is still on its way.
void Client::say(std::string_view text) {
    (later_.empty() ? said_ : later_.back()).append(text);
}

void Client::flush() {
    print(std::exchange(said_, {}));
}

void Client::wait(WaitFor what) {
    flush();
    manager_.send();
    pollfd ready[] = {{what == WaitFor::manager ? -1 : STDIN_FILENO, POLLIN, 0},
                      {manager_.fd(), manager_.events(), 0},
                      {signals_.get(), POLLIN, 0}};
    check(retry([&] {
              return ::poll(ready, std::size(ready), milliseconds_until(manager_.deadline()));
          }),
          "poll");
    if (ready[2].revents != 0) throw Interrupted{static_cast<int>(signals_.next().ssi_signo)};
    if (ready[1].revents != 0) manager_.receive();
    if (ready[0].revents != 0) read_keyboard();
}
