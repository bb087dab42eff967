#include "common/socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "common/error.hpp"

bool wait_writable(int socket, std::chrono::milliseconds timeout) {
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
