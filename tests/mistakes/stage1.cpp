// The first article's daemon: right for one client that behaves, asks and waits for its answer.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <locale>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/mistakes/mistake.hpp"

struct Container {
    std::string name, status;
};
using Table = std::vector<Container>;

static sockaddr_in loopback(const std::string& port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(port)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static Fd create_socket_server(const std::string& wanted_port) {
    Fd server{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    const int on = 1;
    check(::setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
    sockaddr_in address = loopback(wanted_port);
    socklen_t size = sizeof address;
    auto* any_address = reinterpret_cast<sockaddr*>(&address);
    check(::bind(server.get(), any_address, size), "bind", wanted_port);
    check(::listen(server.get(), 5), "listen");
    check(::getsockname(server.get(), any_address, &size), "getsockname");
    print("Container Manager Daemon actively listening on 127.0.0.1:" +
          std::to_string(ntohs(address.sin_port)) + "\n");
    return server;
}

// As .decode('utf-8'): one wrong byte from one client, and nobody catches the exception.
static void decode(const std::string& data) {
    using Decoder = std::codecvt<char32_t, char8_t, std::mbstate_t>;
    std::mbstate_t state{};
    const auto* bytes = reinterpret_cast<const char8_t*>(data.data());
    const auto good =
        static_cast<std::size_t>(std::use_facet<Decoder>(std::locale::classic())
                                     .length(state, bytes, bytes + data.size(), data.size()));
    if (good == data.size()) return;
    throw Failure{"UnicodeDecodeError: 'utf-8' codec can't decode byte " +
                  printable(data.substr(good, 1)) + " in position " + std::to_string(good)};
}

// Any blank separates, newlines too: of three lines in one packet the first two words count.
static std::vector<std::string> split(const std::string& data) {
    constexpr std::string_view blanks = " \t\n\v\f\r";
    std::vector<std::string> parts;
    for (std::size_t at = data.find_first_not_of(blanks); at != std::string::npos;) {
        const std::size_t end = data.find_first_of(blanks, at);
        parts.push_back(data.substr(at, end - at));
        at = data.find_first_not_of(blanks, end);
    }
    return parts;
}

static std::string list(const Table& table) {
    std::string names;
    for (const auto& [name, status] : table) {
        names.append(names.empty() ? "'" : ", '").append(name + " - " + status + "'");
    }
    return "Available containers: [" + names + "]";
}

// The name is not looked at, and no file is made.
static std::string reply_to(const std::vector<std::string>& parts, Table& table) {
    const std::string& command = parts[0];
    if (command == "list") return list(table);
    if (command != "run" && command != "stop") return "Unknown command " + command;
    if (parts.size() < 2) return "Usage: " + command + " <container_name>";
    const std::string& name = parts[1];
    const auto found = std::ranges::find(table, name, &Container::name);
    if (command == "stop") {
        if (found == table.end()) return "Container not found";
        found->status = "stopped";
        return "Container '" + name + "' stopped";
    }
    if (found == table.end()) {
        table.push_back({name, "created"});
    } else {
        found->status = "created";
    }
    return "Container '" + name + "' created at '/tmp/" + name + ".txt'";
}

// What one recv returns is taken for one command. A client that resets is an exception here.
static void handle_client(const Fd& client, Table& table) {
    while (true) {
        char piece[1024];
        const auto count = check(::recv(client.get(), piece, sizeof piece, 0), "recv");
        if (count == 0) return;
        const std::string data{piece, static_cast<std::size_t>(count)};
        decode(data);
        print("Received data: " + data + "\n");
        const auto parts = split(data);
        if (parts.empty()) continue;
        const std::string reply = reply_to(parts, table);
        check(::send(client.get(), reply.data(), reply.size(), MSG_NOSIGNAL), "send");
    }
}

static int one_client_daemon(const std::vector<std::string>& arguments) {
    if (arguments.size() != 1) throw Failure{"usage: mistake one-client-daemon PORT"};
    Fd server = create_socket_server(arguments[0]);
    Table table;
    while (true) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        // Whoever comes second waits until the first has gone.
        const Fd client{check(
            ::accept4(server.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC),
            "accept")};
        print("Connection from ('127.0.0.1', " + std::to_string(ntohs(address.sin_port)) + ")\n");
        try {
            handle_client(client, table);
        } catch (...) {
            server.close();  // whoever sees its connection end finds nobody listening any more
            throw;
        }
    }
}

std::vector<Mistake> stage1_mistakes() {
    return {{"one-client-daemon",
             "PORT: one client at a time, one recv for one command, no end of a reply",
             one_client_daemon}};
}
