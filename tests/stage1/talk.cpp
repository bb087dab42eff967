#include "tests/stage1/talk.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <map>
#include <sstream>

#include "common/error.hpp"
#include "common/options.hpp"
#include "common/socket.hpp"
#include "common/tcp_socket.hpp"

TextClient::TextClient(std::uint16_t port) : TextClient{connect_tcp({"127.0.0.1", port})} {}

TextClient::TextClient(Fd socket) : socket_{std::move(socket)} {
    const timeval deadline{10, 0};
    check(::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline), "setsockopt");
}

void TextClient::send(std::string_view text) {
    send_all(fd(), text, std::chrono::seconds{10});
}

void TextClient::end_sending() {
    check(::shutdown(fd(), SHUT_WR), "shutdown");
}

bool TextClient::receive() {
    char piece[65536];
    const auto count = ::recv(fd(), piece, sizeof piece, 0);
    if (count == -1 && errno == EAGAIN) throw Failure{"nothing came; so far: " + received_};
    if (count > 0) received_.append(piece, static_cast<std::size_t>(count));
    return count > 0;
}

std::string TextClient::read_line() {
    std::size_t end = received_.find('\n');
    while (end == std::string::npos) {
        const std::size_t searched = received_.size();
        if (!receive()) throw Failure{"the connection ended; so far: " + received_};
        end = received_.find('\n', searched);
    }
    const std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
}

std::string TextClient::read_some() {
    if (received_.empty()) receive();
    return std::exchange(received_, {});
}

std::string TextClient::read_to_end() {
    while (receive()) {
    }
    return std::exchange(received_, {});
}

std::string TextClient::ask(std::string_view line) {
    send(std::string{line} + "\n");
    return read_line();
}

void TextClient::reset() {
    const linger reset_at_close{1, 0};
    check(::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &reset_at_close, sizeof reset_at_close),
          "setsockopt");
    socket_.close();
}

std::uint16_t port_in(const std::string& line) {
    const auto colon = line.rfind(':');
    if (colon == std::string::npos) throw Failure{"no port in: " + line};
    return static_cast<std::uint16_t>(
        parse_number(line.substr(colon + 1), "the port that is listened on", 1, 65535));
}

static std::vector<std::string> manager_command(std::vector<std::string> command) {
    for (const std::string& word : {program(1), std::string{"--port"}, std::string{"0"}}) {
        command.push_back(word);
    }
    return command;
}

RunningManager::RunningManager(const std::vector<std::string>& prefix)
    : process_{manager_command(prefix)}, port_{port_in(process_.read_line())} {}

// As the article's _handle_client: the table and the words, without any check.
static std::string article_reply(std::map<std::string, std::string>& table,
                                 const std::string& text) {
    std::istringstream words{text};
    std::string verb, name;
    words >> verb >> name;
    if (verb == "run") {
        table[name] = "created";
        return "Container '" + name + "' created at '/tmp/" + name + ".txt'";
    }
    if (verb == "stop") {
        return table.count(name) != 0 ? "Container '" + name + "' stopped" : "Container not found";
    }
    if (verb != "list") return "Unknown command " + verb;
    std::string list;
    for (const auto& [key, status] : table) {
        list += (list.empty() ? "'" : ", '") + key + " - " + status + "'";
    }
    return "Available containers: [" + list + "]";
}

[[noreturn]] static void serve_as_the_article(const Fd& listener) noexcept try {
    std::map<std::string, std::string> table;
    while (true) {
        const Fd client{
            retry([&] { return ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC); })};
        if (!client) ::_exit(1);
        char piece[1024];
        while (true) {
            const auto count = ::recv(client.get(), piece, sizeof piece, 0);
            if (count < 0) ::_exit(1);  // a reset is an exception that nobody catches
            if (count == 0) break;
            const std::string reply =
                article_reply(table, {piece, static_cast<std::size_t>(count)});
            send_all(client.get(), reply, std::chrono::seconds{10});
        }
    }
} catch (const std::exception&) {
    ::_exit(1);
}

ArticleDaemon::ArticleDaemon() {
    const Fd listener = listen_tcp({"127.0.0.1", 0});
    check(::fcntl(listener.get(), F_SETFL, 0), "fcntl");
    port_ = local_port(listener.get());
    child_ = Child{check(::fork(), "fork")};
    if (child_.pid() == 0) serve_as_the_article(listener);
}
