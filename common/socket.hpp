// Sockets: the Unix kind, and sending through any kind. TCP is in tcp_socket.hpp.
// Every socket is close-on-exec; listening ones are non-blocking (a client may be gone again
// before accept(2)), connected ones are blocking.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <string_view>

#include "common/fd.hpp"

// The path may be longer than the 108 bytes of sockaddr_un (unix(7)); its last part may not. The
// file is made with `mode`, lessened by the umask, and must not exist. Both throw SystemError.
Fd listen_unix(const std::string& path, unsigned mode = 0600);
Fd connect_unix(const std::string& path);

// Sends what the socket takes at once and returns how much that was, 0 when it is full. Never
// blocks, never raises SIGPIPE. Throws SystemError: EPIPE, ECONNRESET.
std::size_t send_some(int socket, std::string_view bytes);

// Sends all, waiting for the peer to read for at most `timeout` at a time (then ETIMEDOUT).
void send_all(int socket, std::string_view bytes, std::chrono::milliseconds timeout);

// Waits until the socket can be written to or has failed. False when the time is over.
bool wait_writable(int socket, std::chrono::milliseconds timeout);
