// The socket half of shim_protocol.hpp.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"

static Fd new_socket() {
    const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
    return Fd{check(::socket(AF_UNIX, type, 0), "socket")};
}

static sockaddr_un address_in(const ContainerDir& directory) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory.short_path(kSocketFile);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

Fd listen_for_requests(const ContainerDir& directory) {
    fail_point<"remove a stale socket">();
    directory.remove(kSocketFile);
    Fd socket = new_socket();
    // Before bind(2), which makes the file with this mode: there is no moment with another.
    check(::fchmod(socket.get(), 0600), "fchmod", kSocketFile);
    const sockaddr_un address = address_in(directory);
    fail_point<"bind the shim's socket">();
    check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind",
          kSocketFile);
    check(::listen(socket.get(), SOMAXCONN), "listen", kSocketFile);
    return socket;
}

Fd connect_to_shim(const ContainerDir& directory) {
    Fd socket = new_socket();
    const sockaddr_un address = address_in(directory);
    fail_point<"connect to the shim">();
    check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
          "connect", kSocketFile);
    return socket;
}

// Room for the descriptors of one message, aligned as cmsg(3) wants it.
union ControlBuffer {
    cmsghdr alignment;
    char bytes[CMSG_SPACE(sizeof(int) * kShimDescriptorsMax)];
};

void send_message(int socket, std::string_view text, std::span<const int> descriptors) {
    if (text.size() > kShimMessageBytesMax || descriptors.size() > kShimDescriptorsMax) {
        throw Failure{"send to the shim: the message is too long"};
    }
    iovec part{const_cast<char*>(text.data()), text.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    ControlBuffer control{};
    if (!descriptors.empty()) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* const rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
    }
    check(retry([&] { return ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT); }), "send to",
          kSocketFile);
}

static std::vector<Fd> take_descriptors(msghdr& header) {
    std::vector<Fd> descriptors;
    for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
        if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(one) + i * sizeof number, sizeof number);
            descriptors.emplace_back(number);
        }
    }
    return descriptors;
}

Received receive_message(int socket, ShimMessage& message) {
    // Its size first: a shim has no memory to spare for the longest that there may be.
    const auto size =
        retry([&] { return ::recv(socket, nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT); });
    if (size == -1 && errno == EAGAIN) return Received::nothing_yet;
    if (size == 0 || (size == -1 && errno == ECONNRESET)) return Received::end;
    check(size, "receive from", kSocketFile);
    if (static_cast<std::size_t>(size) > kShimMessageBytesMax) {
        throw Failure{"receive from the shim's socket: the message is too long"};
    }
    message.text.resize(static_cast<std::size_t>(size));
    iovec part{message.text.data(), message.text.size()};
    msghdr header{};
    ControlBuffer control{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof control.bytes;
    check(retry([&] { return ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT); }),
          "receive from", kSocketFile);
    message.descriptors = take_descriptors(header);
    if (header.msg_flags & MSG_CTRUNC) {
        throw Failure{"receive from the shim's socket: too many descriptors"};
    }
    return Received::message;
}
