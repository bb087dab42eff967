#include "common/socket.hpp"
#include "common/tcp_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "tests/support/testing.hpp"

// A connection accepted by a listening socket, which does not block.
static Fd accepted(const Fd& listener) {
    Fd socket;
    wait_until(
        [&] {
            socket = Fd{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
            return static_cast<bool>(socket);
        },
        "a connection");
    return socket;
}

// Whether a connection waits to be accepted.
static bool has_come(const Fd& listener) {
    pollfd ready{listener.get(), POLLIN, 0};
    return ::poll(&ready, 1, 0) == 1;
}

static std::string received(const Fd& socket) {
    char piece[100];
    const auto count = check(::recv(socket.get(), piece, sizeof piece, 0), "recv");
    return {piece, static_cast<std::size_t>(count)};
}

static int error_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const SystemError& error) {
        return error.error();
    }
    return 0;
}

TEST_CASE("an address is written as a person would type it", "[common]") {
    CHECK(TcpAddress{"127.0.0.1", 80}.text() == "127.0.0.1:80");
    CHECK(TcpAddress{"localhost", 8080}.text() == "localhost:8080");
    CHECK(TcpAddress{"::1", 8080}.text() == "[::1]:8080");
}

TEST_CASE("what is sent over TCP arrives, by name and by number", "[common]") {
    for (const std::string host : {"127.0.0.1", "localhost"}) {
        INFO(host);
        const Fd listener = listen_tcp({"127.0.0.1", 0});
        const Fd here = connect_tcp({host, local_port(listener.get())});
        const Fd there = accepted(listener);
        send_all(here.get(), "hello", std::chrono::seconds{1});
        CHECK(received(there) == "hello");
    }
}

TEST_CASE("IPv6 works as IPv4 does", "[common]") {
    if (::access("/proc/net/if_inet6", R_OK) != 0) skip("this kernel has no IPv6");
    const Fd listener = listen_tcp({"::1", 0});
    const Fd here = connect_tcp({"::1", local_port(listener.get())});
    send_all(here.get(), "hello", std::chrono::seconds{1});
    CHECK(received(accepted(listener)) == "hello");
}

TEST_CASE("the port of a living server is refused, that of one just ended is not", "[common]") {
    Fd listener = listen_tcp({"127.0.0.1", 0});
    const TcpAddress address{"127.0.0.1", local_port(listener.get())};
    const Fd client = connect_tcp(address);
    CHECK(error_of([&] { listen_tcp(address); }) == EADDRINUSE);

    accepted(listener).close();  // we end it first: our side stays in TIME_WAIT
    listener.close();
    CHECK_NOTHROW(listen_tcp(address));
}

TEST_CASE("an error of a socket says what, on what, and why", "[common]") {
    const Fd listener = listen_tcp({"127.0.0.1", 0});
    const TcpAddress address{"127.0.0.1", local_port(listener.get())};
    CHECK_THROWS_WITH(listen_tcp(address), "bind " + address.text() + ": Address already in use");
    ::setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);  // a name server may be out of reach
    CHECK_THROWS_AS(connect_tcp({"no such name", 1}), Failure);
    CHECK_THROWS_AS(connect_tcp({"", 1}), Failure);
}

TEST_CASE("nobody listens: the connection is refused", "[common]") {
    Fd listener = listen_tcp({"127.0.0.1", 0});
    const TcpAddress address{"127.0.0.1", local_port(listener.get())};
    listener.close();
    CHECK(error_of([&] { connect_tcp(address); }) == ECONNREFUSED);
}

TEST_CASE("a host that does not answer is given up after the timeout", "[common]") {
    // A full queue drops what comes: as a firewall does.
    const Fd listener = listen_tcp({"127.0.0.1", 0});
    check(::listen(listener.get(), 0), "listen");
    const TcpAddress address{"127.0.0.1", local_port(listener.get())};
    const Fd first = connect_tcp(address);
    wait_until([&] { return has_come(listener); }, "the first one stands in the queue");
    CHECK(error_of([&] { connect_tcp(address, std::chrono::milliseconds{100}); }) == ETIMEDOUT);
}

TEST_CASE("sending to a peer that has gone is an error and no signal", "[common]") {
    ::signal(SIGPIPE, SIG_DFL);
    const Fd listener = listen_tcp({"127.0.0.1", 0});
    const Fd here = connect_tcp({"127.0.0.1", local_port(listener.get())});
    const linger reset_at_close{1, 0};
    Fd there = accepted(listener);
    check(::setsockopt(there.get(), SOL_SOCKET, SO_LINGER, &reset_at_close, sizeof reset_at_close),
          "setsockopt");
    there.close();
    int error = 0;
    wait_until([&] { return (error = error_of([&] { send_some(here.get(), "x"); })) != 0; },
               "an error from send");
    CHECK((error == ECONNRESET || error == EPIPE));
    CHECK(error_of([&] { send_some(here.get(), "x"); }) == EPIPE);
}

TEST_CASE("a peer that does not read holds nobody longer than the timeout", "[common]") {
    const Fd listener = listen_tcp({"127.0.0.1", 0});
    const Fd here = connect_tcp({"127.0.0.1", local_port(listener.get())});
    const std::string much(1 << 20, 'x');
    const auto fill = [&] {
        while (true) send_all(here.get(), much, std::chrono::milliseconds{50});
    };
    CHECK(error_of(fill) == ETIMEDOUT);
}

TEST_CASE("every socket is close-on-exec", "[common]") {
    const Fd listener = listen_tcp({"127.0.0.1", 0});
    const Fd here = connect_tcp({"127.0.0.1", local_port(listener.get())});
    for (const Fd* fd : {&listener, &here}) {
        CHECK(check(::fcntl(fd->get(), F_GETFD), "fcntl") == FD_CLOEXEC);
    }
}

TEST_CASE("a Unix socket may lie deeper than its address can say", "[common]") {
    const std::string root = temporary_directory();
    const std::string deep = root + "/" + std::string(200, 'd');
    check(::mkdir(deep.c_str(), 0700), "mkdir", deep);
    const std::string path = deep + "/control.sock";
    {
        const Fd listener = listen_unix(path);
        struct stat status {};
        check(::stat(path.c_str(), &status), "stat", path);
        CHECK((status.st_mode & 07777) == 0600);
        const Fd here = connect_unix(path);
        send_all(here.get(), "hello", std::chrono::seconds{1});
        CHECK(received(accepted(listener)) == "hello");
        CHECK(error_of([&] { listen_unix(path); }) == EADDRINUSE);
    }
    CHECK(error_of([&] { connect_unix(path); }) == ECONNREFUSED);
    CHECK(error_of([&] { connect_unix(deep + "/none"); }) == ENOENT);
    CHECK(error_of([&] { listen_unix(deep + "/" + std::string(108, 'n')); }) == ENAMETOOLONG);
}
