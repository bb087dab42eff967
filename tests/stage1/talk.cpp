#include "tests/stage1/talk.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "common/error.hpp"
#include "common/options.hpp"
#include "common/socket.hpp"
#include "common/tcp_socket.hpp"

static std::chrono::seconds deadline_of_each_call() {
    return std::chrono::duration_cast<std::chrono::seconds>(patient(usual_deadline()));
}

TextClient::TextClient(std::uint16_t port)
    : TextClient{connect_tcp({"127.0.0.1", port}, 2 * deadline_of_each_call())} {}

TextClient::TextClient(Fd socket) : socket_{std::move(socket)} {
    const timeval deadline{deadline_of_each_call().count(), 0};
    check(::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline), "setsockopt");
}

void TextClient::send(std::string_view text) {
    send_all(fd(), text, 2 * deadline_of_each_call());
}

void TextClient::end_sending() {
    if (::shutdown(fd(), SHUT_WR) == -1 && errno != ENOTCONN) throw SystemError{errno, "shutdown"};
}

bool TextClient::receive() {
    char piece[65536];
    const auto count = ::recv(fd(), piece, sizeof piece, 0);
    if (count == -1 && errno == EAGAIN) {
        throw Failure{"no answer after " + std::to_string(deadline_of_each_call().count()) +
                      " s; so far: " + (received_.empty() ? "(nothing)" : received_)};
    }
    check(count, "recv");
    if (count > 0) received_.append(piece, static_cast<std::size_t>(count));
    return count > 0;
}

std::string TextClient::read_line() {
    std::size_t end = received_.find('\n');
    while (end == std::string::npos) {
        const std::size_t searched = received_.size();
        if (!receive()) {
            throw Failure{"the connection ended; so far: " +
                          (received_.empty() ? "(nothing)" : received_)};
        }
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

bool TextClient::is_silent(std::chrono::milliseconds how_long) const {
    pollfd ready{fd(), POLLIN, 0};
    const auto timeout = static_cast<int>(how_long.count());
    return received_.empty() && check(::poll(&ready, 1, timeout), "poll") == 0;
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

// Bound, and not listening: whoever may reuse addresses as we do may listen there (socket(7)), and
// the kernel hands the number out to nobody else.
HeldPort::HeldPort(const char* address)
    : socket_{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")} {
    const int on = 1;
    check(::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
    sockaddr_in place{};
    place.sin_family = AF_INET;
    check(::inet_pton(AF_INET, address, &place.sin_addr), "inet_pton", address);
    check(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place), "bind");
    number_ = local_port(socket_.get());
}

void wait_until_connected(int listener) {
    const auto has_come = [&] {
        pollfd ready{listener, POLLIN, 0};
        return ::poll(&ready, 1, 0) == 1;
    };
    wait_until(has_come, "a connection in the queue");
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
    : process_{manager_command(prefix)} {
    try {
        port_ = port_in(process_.read_line());
    } catch (const Failure&) {
        hint(
            "The first line must be `... listening on 127.0.0.1:PORT` with the real port, and be "
            "flushed at once although standard output is a pipe.");
        throw;
    }
}

ArticleDaemon::ArticleDaemon()
    : process_{{built("tests/mistake"), "one-client-daemon", "0"}},
      port_{port_in(process_.read_line())} {}
