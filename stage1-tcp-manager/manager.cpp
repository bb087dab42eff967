#include "stage1-tcp-manager/manager.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "common/error.hpp"

static constexpr int kEventsMax = 256;
static constexpr std::chrono::milliseconds kRetryAfter{100};
static constexpr std::chrono::seconds kStopWithin{1};

static void watch(int epoll, int operation, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    check(::epoll_ctl(epoll, operation, fd, &event), "epoll_ctl");
}

static Fd create_socket_server(const TcpAddress& address) try {
    return listen_tcp(address);
} catch (const SystemError& error) {
    if (error.error() != EADDRINUSE) throw;
    throw SystemError{EADDRINUSE, "bind", address.text(),
                      "is another manager running? choose another with --port"};
}

ContainerManager::ContainerManager(const TcpAddress& address, const Patience& patience)
    : listener_{create_socket_server(address)},
      epoll_{check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")},
      patience_{patience} {
    watch(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), EPOLLIN);
    watch(epoll_.get(), EPOLL_CTL_ADD, signals_.get(), EPOLLIN);
    const TcpAddress bound{address.host, local_port(listener_.get())};
    log_.add("Container Manager Daemon actively listening on " + bound.text());
    log_is_written_ = log_.flush();
}

int ContainerManager::serve_until_signal() {
    while (!stop_ || (exit_code_ == 0 && now_ < *stop_ && !clients_.empty())) wait_and_serve();
    return exit_code_;
}

void ContainerManager::wait_and_serve() {
    epoll_event events[kEventsMax];
    Deadline next = earlier(deadlines_.next(), earlier(accept_again_, stop_));
    if (!log_is_written_) next = earlier(next, now_ + kRetryAfter);
    const int count =
        check(retry([&] {
                  return ::epoll_wait(epoll_.get(), events, kEventsMax, milliseconds_until(next));
              }),
              "epoll_wait");
    now_ = Clock::now();
    for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        const auto client = clients_.find(fd);
        if (client != clients_.end()) {
            go_on(client, client->second.connection.serve(table_, log_, now_));
        } else if (fd == listener_.get()) {
            accept_clients();
        } else if (fd == signals_.get()) {
            take_signal();
        }
    }
    expire_deadlines();
    log_is_written_ = log_.flush();
}

void ContainerManager::accept_clients() {
    for (int i = 0; i < kEventsMax; ++i) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
        Fd socket{::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size, flags)};
        if (!socket) {
            switch (errno) {
                case EAGAIN: return;
                case EMFILE:
                case ENFILE:
                case ENOBUFS:
                case ENOMEM: return set_accepting(false);
                case EBADF:
                case EINVAL:
                case ENOTSOCK: check(-1, "accept"); break;
                default: continue;  // an error of this one client, see accept(2)
            }
        }
        const int on = 1;  // a reply is not held back until the one before it is acknowledged
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        log_.add("Connection from " + address_text(address));
        const int fd = socket.get();
        watch(epoll_.get(), EPOLL_CTL_ADD, fd, EPOLLIN);
        clients_.emplace(fd, Client{Connection{std::move(socket), patience_}, EPOLLIN});
    }
}

// Without a free descriptor the next client can only wait; to be told of it again and again would
// be a loop that eats the processor and starves the others.
void ContainerManager::set_accepting(bool accepting) {
    accept_again_ = accepting ? Deadline{} : now_ + kRetryAfter;
    const std::uint32_t interest = accepting ? EPOLLIN : 0u;
    watch(epoll_.get(), EPOLL_CTL_MOD, listener_.get(), interest);
}

// What to wait for next with this client; or its end.
void ContainerManager::go_on(Clients::iterator client, bool is_alive) {
    const int fd = client->first;
    Client& state = client->second;
    deadlines_.set(fd, is_alive ? state.connection.deadline() : std::nullopt);
    if (!is_alive) {
        clients_.erase(client);  // closes the socket, and with that epoll forgets it
    } else if (state.interest != state.connection.interest()) {
        state.interest = state.connection.interest();
        watch(epoll_.get(), EPOLL_CTL_MOD, fd, state.interest);
    }
}

void ContainerManager::expire_deadlines() {
    for (int fd = deadlines_.expired(now_); fd != -1; fd = deadlines_.expired(now_)) {
        const auto client = clients_.find(fd);
        go_on(client, client->second.connection.expire(table_, log_, now_));
    }
    if (accept_again_ && *accept_again_ <= now_) set_accepting(true);
}

void ContainerManager::take_signal() {
    const int signal = static_cast<int>(signals_.next().ssi_signo);
    if (stop_) exit_code_ = 128 + signal;
    stop_ = now_ + kStopWithin;
    accept_again_.reset();
    listener_.close();
    for (auto next = clients_.begin(); next != clients_.end();) {
        const auto client = next++;
        go_on(client, client->second.connection.finish(table_, log_, now_));
    }
}
