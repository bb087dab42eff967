#include "tests/bench/load.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "common/tcp_socket.hpp"
#include "tests/bench/statistics.hpp"

static constexpr int kWaitMs = 10000;

static Fd connect_to(std::uint16_t port) {
    Fd socket = connect_tcp({"127.0.0.1", port});
    const int yes = 1;
    check(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), "setsockopt");
    return socket;
}

LoadClient::LoadClient(std::uint16_t port, int connections)
    : epoll_{check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")} {
    for (int i = 0; i < connections; ++i) {
        connections_.push_back(connect_to(port));
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = connections_.back().get();
        check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, event.data.fd, &event), "epoll_ctl");
    }
}

static void ask(int socket, const std::string& request) {
    check(::send(socket, request.data(), request.size(), MSG_NOSIGNAL), "send");
}

// True at the end of the line.
static bool take_reply(int socket, int flags) {
    static std::array<char, 65536> bytes;
    const auto count = retry([&] { return ::recv(socket, bytes.data(), bytes.size(), flags); });
    if (count == -1 && errno == EAGAIN) return false;
    if (check(count, "recv") == 0) throw Failure{"the server ended a connection"};
    return bytes[static_cast<std::size_t>(count) - 1] == '\n';
}

double LoadClient::ask_all(const std::vector<std::string>& requests) {
    const double start = now_ms();
    for (const std::string& request : requests) {
        ask(connections_.at(0).get(), request);
        while (!take_reply(connections_.at(0).get(), 0)) continue;
    }
    return now_ms() - start;
}

double LoadClient::pour(std::string_view lines) {
    const int socket = connections_.at(0).get();
    std::array<char, 65536> bytes;
    auto left = std::ranges::count(lines, '\n');
    const double start = now_ms();
    while (left > 0) {
        pollfd ready{socket, static_cast<short>(lines.empty() ? POLLIN : POLLIN | POLLOUT), 0};
        if (check(::poll(&ready, 1, kWaitMs), "poll") == 0) {
            throw Failure{"no reply for ten seconds"};
        }
        if ((ready.revents & POLLIN) != 0) {
            const auto count = check(::recv(socket, bytes.data(), bytes.size(), 0), "recv");
            if (count == 0) throw Failure{"the server ended a connection"};
            left -= std::count(bytes.begin(), bytes.begin() + count, '\n');
        }
        if (!lines.empty()) lines.remove_prefix(send_some(socket, lines));
    }
    return now_ms() - start;
}

double LoadClient::run(const std::vector<std::string>& requests, double milliseconds) {
    std::size_t next = 0;
    const auto next_request = [&]() -> const std::string& {
        const std::size_t now = std::exchange(next, next + 1 == requests.size() ? 0 : next + 1);
        return requests[now];
    };
    const double start = now_ms();
    for (const Fd& connection : connections_) ask(connection.get(), next_request());
    std::array<epoll_event, 256> events;
    long replies = 0;
    double now = start;
    for (std::size_t open = connections_.size(); open > 0; now = now_ms()) {
        const int count = check(retry([&] {
                                    return ::epoll_wait(epoll_.get(), events.data(),
                                                        static_cast<int>(events.size()), kWaitMs);
                                }),
                                "epoll_wait");
        if (count == 0) throw Failure{"no reply for ten seconds"};
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            const int socket = events[i].data.fd;
            if (!take_reply(socket, MSG_DONTWAIT)) continue;
            ++replies;
            if (now < start + milliseconds) {
                ask(socket, next_request());
            } else {
                --open;
            }
        }
    }
    return static_cast<double>(replies) * 1000 / (now - start);
}

std::vector<Fd> idle_connections(std::uint16_t port, int count) {
    std::vector<Fd> connections;
    for (int i = 0; i < count; ++i) connections.push_back(connect_to(port));
    return connections;
}
