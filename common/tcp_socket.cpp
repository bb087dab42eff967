#include "common/tcp_socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>
#include <functional>
#include <memory>

#include "common/error.hpp"
#include "common/socket.hpp"

std::string TcpAddress::text() const {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// Calls `attempt` with a new socket for each address of the host until one does not throw.
static Fd try_addresses(const TcpAddress& address,
                        const std::function<void(int, const addrinfo&)>& attempt) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int failure =
        ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
    if (failure == EAI_SYSTEM) throw SystemError{errno, "look up", address.host};
    if (failure != 0) {
        throw Failure{"look up " + printable(address.host) + ": " + ::gai_strerror(failure)};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses{found, &::freeaddrinfo};
    for (const addrinfo* one = addresses.get();; one = one->ai_next) {
        try {
            const int type = one->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK;
            Fd socket{check(::socket(one->ai_family, type, 0), "socket")};
            attempt(socket.get(), *one);
            return socket;
        } catch (const SystemError&) {
            if (one->ai_next == nullptr) throw;
        }
    }
}

static void set_option(int socket, int level, int option) {
    const int on = 1;
    check(::setsockopt(socket, level, option, &on, sizeof on), "setsockopt");
}

Fd listen_tcp(const TcpAddress& address) {
    return try_addresses(address, [&](int socket, const addrinfo& one) {
        set_option(socket, SOL_SOCKET, SO_REUSEADDR);
        check(::bind(socket, one.ai_addr, one.ai_addrlen), "bind", address.text());
        check(::listen(socket, SOMAXCONN), "listen", address.text());
    });
}

Fd connect_tcp(const TcpAddress& address, std::chrono::milliseconds timeout) {
    Fd connected = try_addresses(address, [&](int socket, const addrinfo& one) {
        // Non-blocking, so that there is one way to its end: neither a signal nor a peer that
        // does not answer needs another (connect(2), EINPROGRESS).
        int error = ::connect(socket, one.ai_addr, one.ai_addrlen) == 0 ? 0 : errno;
        if (error == EINPROGRESS) {
            socklen_t size = sizeof error;
            if (!wait_writable(socket, timeout))
                throw SystemError{ETIMEDOUT, "connect", address.text()};
            check(::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size), "getsockopt");
        }
        if (error != 0) throw SystemError{error, "connect", address.text()};
        set_option(socket, IPPROTO_TCP, TCP_NODELAY);
    });
    check(::fcntl(connected.get(), F_SETFL, 0), "fcntl F_SETFL");
    return connected;
}

std::uint16_t local_port(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    check(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    // The port has the same place in the addresses of both families.
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}
