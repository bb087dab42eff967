#include "tests/stage6/client_scene.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/socket.hpp"

static constexpr std::chrono::seconds kDeadline{40};
static constexpr std::string_view kPrefix = "/v1.44";

static void wait_for_input(int fd, const char* what) {
    pollfd ready{fd, POLLIN, 0};
    const std::chrono::milliseconds deadline = patient(kDeadline);
    if (::poll(&ready, 1, static_cast<int>(deadline.count())) != 1) {
        throw Failure{std::string{"nothing came: "} + what};
    }
}

bool ActedConnection::read_more() {
    wait_for_input(socket_.get(), "from the client");
    char piece[65536];
    const auto count = ::recv(socket_.get(), piece, sizeof piece, 0);
    if (count > 0) input_.append(piece, static_cast<std::size_t>(count));
    return count > 0;
}

std::string ActedConnection::request() {
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
        if (!read_more()) throw Failure{"the client ended the connection"};
    }
    const std::string head = input_.substr(0, end + 2);
    input_.erase(0, end + 4);
    const std::string length_name = "Content-Length: ";
    const auto at = head.find(length_name);
    const std::size_t length =
        at == std::string::npos ? 0 : std::stoul(head.substr(at + length_name.size()));
    while (input_.size() < length) {
        if (!read_more()) throw Failure{"the client ended the connection in a body"};
    }
    body_ = input_.substr(0, length);
    input_.erase(0, length);
    std::string line = head.substr(0, head.find(" HTTP/1.1\r\n"));
    const auto path = line.find(' ') + 1;
    if (line.compare(path, kPrefix.size(), kPrefix) == 0) line.erase(path, kPrefix.size());
    return line;
}

void ActedConnection::send(std::string_view bytes) {
    send_all(socket_.get(), bytes, patient(kDeadline));
}

void ActedConnection::answer(int status, std::string_view body) {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n";
    if (!body.empty()) {
        text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n";
    } else if (status != 204 && status != 304) {
        text += "Content-Length: 0\r\n";
    }
    send(text + "\r\n" + std::string{body});
}

void ActedConnection::refuse(int status, std::string_view message) {
    answer(status, Json::object({{"message", message}}).text());
}

void ActedConnection::begin_chunked() {
    send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void ActedConnection::begin_upgraded() {
    send("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
}

void ActedConnection::send_chunk(std::string_view bytes) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    send(size + std::string{bytes} + "\r\n");
}

std::string ActedConnection::read_bytes(std::size_t count) {
    while (input_.size() < count) {
        if (!read_more()) throw Failure{"the client ended its side"};
    }
    const std::string bytes = input_.substr(0, count);
    input_.erase(0, count);
    return bytes;
}

std::string ActedConnection::read_chunks() {
    std::string body;
    while (true) {
        std::size_t end = 0;
        while ((end = input_.find("\r\n")) == std::string::npos) {
            if (!read_more()) throw Failure{"the client ended the connection in a body"};
        }
        const std::size_t size = std::stoul(input_.substr(0, end), nullptr, 16);
        input_.erase(0, end + 2);
        body += read_bytes(size + 2).substr(0, size);
        if (size == 0) return body;
    }
}

std::string ActedConnection::read_to_end() {
    while (read_more()) {
    }
    return std::exchange(input_, {});
}

void ActedDaemon::listen() {
    listener_ = listen_unix(path_);
}

void ActedDaemon::go_away() {
    listener_.close();
    check(::unlink(path_.c_str()), "unlink", path_);
}

static std::vector<std::string> with_socket(const char* name, const std::string& socket,
                                            std::vector<std::string> words) {
    words.insert(words.begin(), {built(name), "--socket", socket});
    return words;
}

std::vector<std::string> ActedDaemon::slipway(std::vector<std::string> words) const {
    return with_socket("slipway", path_, std::move(words));
}

std::vector<std::string> ActedDaemon::orchestrate(std::vector<std::string> words) const {
    return with_socket("orchestrate", path_, std::move(words));
}

ActedConnection ActedDaemon::accept() {
    wait_for_input(listener_.get(), "a connection");
    return ActedConnection{
        Fd{check(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept")}};
}

ActedConnection ActedDaemon::expect(const std::string& request) {
    ActedConnection connection = accept();
    const std::string got = connection.request();
    if (got != request) throw Failure{"expected " + request + ", got " + got};
    return connection;
}

std::string frame(StreamType type, std::string_view bytes) {
    std::string text;
    append_stream_frame(text, type, bytes);
    return text;
}

std::string frame_at(std::string_view offset, StreamType type, std::string_view bytes) {
    return frame(type, std::string{offset} + " " + std::string{bytes});
}
