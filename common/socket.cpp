#include "common/socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>

#include "common/error.hpp"

std::string TcpAddress::text() const {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// Waits until the socket can be written to or has failed. False when the time is over.
static bool wait_writable(int socket, std::chrono::milliseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (true) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        pollfd ready{socket, POLLOUT, 0};
        const int count = ::poll(&ready, 1, static_cast<int>(std::max<long>(left.count(), 0)));
        if (count == -1 && errno == EINTR) continue;
        return check(count, "poll") == 1;
    }
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

// Calls bind(2) or connect(2) with a short name of the same file: through the directory's
// descriptor.
template <class Call>
static void with_short_path(const std::string& path, std::string_view what, Call call) {
    const auto slash = path.rfind('/');
    const std::string directory_path = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const Fd directory{check(::open(directory_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC),
                             "open", directory_path)};
    const std::string name =
        "/proc/self/fd/" + std::to_string(directory.get()) + "/" + path.substr(slash + 1);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() >= sizeof address.sun_path) throw SystemError{ENAMETOOLONG, what, path};
    std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
    check(call(reinterpret_cast<const sockaddr*>(&address), sizeof address), what, path);
}

Fd listen_unix(const std::string& path, unsigned mode) {
    Fd socket{check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket")};
    // Before bind(2), which makes the file with it: there is no moment with another mode.
    check(::fchmod(socket.get(), mode), "fchmod", path);
    with_short_path(path, "bind", [&](const sockaddr* address, socklen_t size) {
        return ::bind(socket.get(), address, size);
    });
    check(::listen(socket.get(), SOMAXCONN), "listen", path);
    return socket;
}

Fd connect_unix(const std::string& path) {
    Fd socket{check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    with_short_path(path, "connect", [&](const sockaddr* address, socklen_t size) {
        return retry([&] { return ::connect(socket.get(), address, size); });
    });
    return socket;
}

std::size_t send_some(int socket, std::string_view bytes) {
    const auto count = retry(
        [&] { return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT); });
    if (count == -1 && errno == EAGAIN) return 0;
    return static_cast<std::size_t>(check(count, "send"));
}

void send_all(int socket, std::string_view bytes, std::chrono::milliseconds timeout) {
    while (!bytes.empty()) {
        const std::size_t count = send_some(socket, bytes);
        bytes.remove_prefix(count);
        if (count == 0 && !wait_writable(socket, timeout)) throw SystemError{ETIMEDOUT, "send"};
    }
}
