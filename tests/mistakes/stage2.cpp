// The second article's client: it ships what is typed, and never looks at what comes back.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/mistakes/mistake.hpp"

static Fd connect_to_socket_server(const std::string& host, const std::string& port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(port)));
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
        throw Failure{host + " is not an address like 127.0.0.1"};
    }
    Fd client{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    check(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
          "connect", host + ":" + port);
    print("Connected successfully to the Container Manager Daemon at " + host + ":" + port + "\n");
    return client;
}

// No newline: where one command ends and the next begins is for the daemon to guess.
static void ship(const Fd& client, const std::string& command) {
    check(::send(client.get(), command.data(), command.size(), MSG_NOSIGNAL), "send");
}

static std::string input(const std::string& prompt) {
    print(prompt);
    std::string line;
    char letter = '\0';
    while (letter != '\n') {
        if (check(::read(STDIN_FILENO, &letter, 1), "read") == 0) break;
        line.push_back(letter);
    }
    if (line.empty()) throw Failure{"EOF when reading a line"};
    const auto first = line.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return {};
    return line.substr(first, line.find_last_not_of(" \t\r\n") + 1 - first);
}

// A person takes longer to leave than a daemon to answer.
static void wait_for_unread_reply(const Fd& client) {
    static constexpr int kMillisecondsMax = 10'000;
    pollfd readable{client.get(), POLLIN, 0};
    ::poll(&readable, 1, kMillisecondsMax);
}

// False when the user wants to leave.
static bool take_command(const Fd& client) {
    const std::string command =
        input("Enter command (run, stop or list), exit to quit interface: ");
    if (command == "quit" || command == "exit") {
        wait_for_unread_reply(client);
        ship(client, "exit");
        return false;
    }
    if (command == "run" || command == "stop") {
        const std::string name = input("Enter container name: ");
        if (name.empty()) {
            print("Container name required\n");
        } else {
            ship(client, command + " " + name);
        }
    } else if (command == "list") {
        ship(client, "list");
    } else {
        print("Unknown instruction token. Valid primitives: run, stop, list, exit.\n");
    }
    return true;
}

static int client_that_never_reads(const std::vector<std::string>& arguments) {
    if (arguments.size() != 2) throw Failure{"usage: mistake client-that-never-reads HOST PORT"};
    const Fd client = connect_to_socket_server(arguments[0], arguments[1]);
    try {
        while (take_command(client)) {
        }
    } catch (const std::exception& error) {  // Ctrl-C is none: it ends us here and now
        print(std::string{"Error: "} + error.what() + "\n");
        ship(client, "Connection closed.");
    }
    return 0;  // the replies that nobody has read turn this close into a reset
}

std::vector<Mistake> stage2_mistakes() {
    return {{"client-that-never-reads",
             "HOST PORT: ships commands without an end, and never reads a reply",
             client_that_never_reads}};
}
