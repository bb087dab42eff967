// TCP: listening and connecting, by name or number, IPv4 and IPv6. In a file of its own because
// looking a name up takes libraries that a static program has to load (getaddrinfo(3)).
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "common/fd.hpp"

// Where to meet. The host is a name or a literal of IPv4 or IPv6.
struct TcpAddress {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;

    // "127.0.0.1:8080", "[::1]:8080"
    std::string text() const;
};

constexpr std::chrono::seconds kConnectTimeout{5};

// Listens on the first address of the host that can be bound; port 0 takes a free one. The port
// of a server that has just ended is taken at once (SO_REUSEADDR, see socket(7)), that of a living
// one never. Throws SystemError (EADDRINUSE, EACCES, ...), Failure when the name has no address.
Fd listen_tcp(const TcpAddress& address);

// Tries every address of the host in turn, each for at most `timeout`.
// Throws the last one's SystemError (ECONNREFUSED, ETIMEDOUT, ...), Failure as above.
Fd connect_tcp(const TcpAddress& address, std::chrono::milliseconds timeout = kConnectTimeout);

// The port that a socket is bound to (getsockname(2)).
std::uint16_t local_port(int socket);
