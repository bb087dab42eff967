// Stream sockets, TCP and Unix: listening, connecting, sending.
// Every socket is close-on-exec; listening ones are non-blocking (a client may be gone again
// before accept(2)), connected ones are blocking.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

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

// The path may be longer than the 108 bytes of sockaddr_un (unix(7)); its last part may not. The
// file is made with `mode`, lessened by the umask, and must not exist. Both throw SystemError.
Fd listen_unix(const std::string& path, unsigned mode = 0600);
Fd connect_unix(const std::string& path);

// Sends what the socket takes at once and returns how much that was, 0 when it is full. Never
// blocks, never raises SIGPIPE. Throws SystemError: EPIPE, ECONNRESET.
std::size_t send_some(int socket, std::string_view bytes);

// Sends all, waiting for the peer to read for at most `timeout` at a time (then ETIMEDOUT).
void send_all(int socket, std::string_view bytes, std::chrono::milliseconds timeout);
