#include "tests/bench/api_connection.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "tests/bench/statistics.hpp"

static constexpr int kWaitMs = 60000;
static constexpr std::size_t kStatusStart = 9;  // behind "HTTP/1.1 "

ApiConnection::ApiConnection(const std::string& socket) : socket_{connect_unix(socket)} {}

std::string request_text(std::string_view method, std::string_view target, std::string_view body) {
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: bench\r\n");
    if (!body.empty()) {
        const bool is_json = body[0] == '{';
        text.append("Content-Type: ").append(is_json ? "application/json" : "application/x-tar");
        text.append("\r\n");
    }
    if (method == "POST") {
        text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    }
    return text.append("\r\n").append(body);
}

void ApiConnection::send(std::string_view request) {
    input_.clear();
    send_all(socket_.get(), request, std::chrono::milliseconds{kWaitMs});
}

// Content-Length is written by us as it stands here, and so it is by Go; a body without it is in
// chunks.
static bool is_whole(std::string_view answer) {
    constexpr std::string_view length_header = "\r\nContent-Length: ";
    constexpr std::string_view last_chunk = "\r\n0\r\n\r\n";
    const auto end = answer.find("\r\n\r\n");
    if (end == answer.npos) return false;
    const std::string_view head = answer.substr(0, end);
    const auto at = head.find(length_header);
    if (at != head.npos) {
        const auto length = std::strtoul(answer.data() + at + length_header.size(), nullptr, 10);
        return answer.size() >= end + 4 + length;
    }
    const bool has_chunks = head.find("Transfer-Encoding: chunked") != head.npos;
    return !has_chunks || answer.ends_with(last_chunk);
}

bool ApiConnection::receive() {
    static std::array<char, 1u << 18> bytes;
    const auto count = check(
        retry([&] { return ::recv(socket_.get(), bytes.data(), bytes.size(), 0); }), "receive");
    if (count == 0) throw Failure{"the daemon ended a connection"};
    input_.append(bytes.data(), static_cast<std::size_t>(count));
    return is_whole(input_);
}

static int status_in(const std::string& answer) {
    return answer.size() < kStatusStart ? 0 : std::atoi(answer.c_str() + kStatusStart);
}

std::string ApiConnection::ask(std::string_view method, std::string_view target,
                               std::string_view body) {
    send(request_text(method, target, body));
    do {
        pollfd ready{socket_.get(), POLLIN, 0};
        if (check(::poll(&ready, 1, kWaitMs), "poll") == 0) {
            throw Failure{std::string{target} + ": no answer for a minute"};
        }
    } while (!receive());
    const auto body_start = input_.find("\r\n\r\n") + 4;
    if (status_in(input_) >= 400) {
        throw Failure{std::string{target} + ": " + printable(input_.substr(body_start))};
    }
    return input_.substr(body_start);
}

std::string ApiConnection::begin(std::string_view target) {
    send(request_text("GET", target));
    while (input_.find("\r\n\r\n") == input_.npos) receive();
    if (status_in(input_) >= 400) throw Failure{std::string{target} + ": " + printable(input_)};
    return input_.substr(input_.find("\r\n\r\n") + 4);
}

double answers_per_second(std::vector<ApiConnection>& connections, std::string_view target,
                          double milliseconds) {
    const std::string request = request_text("GET", target);
    const Fd epoll{check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
    for (std::size_t i = 0; i < connections.size(); ++i) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        check(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, connections[i].get(), &event), "epoll_ctl");
        connections[i].send(request);
    }
    const double start = now_ms();
    double now = start;
    long answers = 0;
    std::array<epoll_event, 64> events;
    for (std::size_t open = connections.size(); open > 0; now = now_ms()) {
        const int count = check(
            retry([&] { return ::epoll_wait(epoll.get(), events.data(), events.size(), kWaitMs); }),
            "epoll_wait");
        if (count == 0) throw Failure{"no answer for a minute"};
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            ApiConnection& connection = connections[events[i].data.u64];
            if (!connection.receive()) continue;
            ++answers;
            if (now < start + milliseconds) {
                connection.send(request);
            } else {
                --open;
            }
        }
    }
    return static_cast<double>(answers) * 1000 / (now - start);
}

std::string text_field(const std::string& json, const std::string& name) {
    const std::string start = "\"" + name + "\":\"";
    const auto at = json.find(start);
    if (at == json.npos) throw Failure{"no " + name + " in " + json.substr(0, 200)};
    const auto value = at + start.size();
    return json.substr(value, json.find('"', value) - value);
}
