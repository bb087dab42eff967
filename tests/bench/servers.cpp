#include "tests/bench/servers.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "common/error.hpp"
#include "common/tcp_socket.hpp"
#include "tests/bench/command.hpp"
#include "tests/bench/statistics.hpp"

static constexpr std::string_view kReply = "Available containers: []\n";
static constexpr int kStartMsMax = 5000;

static void watch(int epoll, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

// Nothing but the system calls; it ends with its parent, and so owns its connections to the end.
void answer_all(const Fd& listener, std::string_view reply) noexcept {
    try {
        check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
        const Fd epoll{check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
        watch(epoll.get(), listener.get());
        std::vector<Fd> connections;
        std::array<epoll_event, 256> events;
        std::array<char, 16384> bytes;
        while (true) {
            const int count = ::epoll_wait(epoll.get(), events.data(), events.size(), -1);
            for (int i = 0; i < count; ++i) {
                const int fd = events[static_cast<std::size_t>(i)].data.fd;
                if (fd == listener.get()) {
                    Fd socket{::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC)};
                    if (!socket) continue;
                    const int yes = 1;
                    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                    watch(epoll.get(), socket.get());
                    connections.push_back(std::move(socket));
                } else if (::read(fd, bytes.data(), bytes.size()) <= 0) {
                    ::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
                } else {
                    check(::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL), "send");
                }
            }
        }
    } catch (const std::exception& error) {
        ::_exit(report_failure("answer_all", error, 1));
    }
}

EchoServer::EchoServer() {
    const Fd listener = listen_tcp({"127.0.0.1", 0});
    port_ = local_port(listener.get());
    const pid_t pid = clone_process({});
    if (pid == 0) answer_all(listener, kReply);
    child_ = Child{pid};
}

ManagerServer::ManagerServer(const std::string& program) {
    // A port that was free a moment ago: its log, which would tell, is not what we measure.
    port_ = local_port(listen_tcp({"127.0.0.1", 0}).get());
    child_ = start_program({program, "--port", std::to_string(port_)});
    for (const double start = now_ms();;) {
        try {
            connect_tcp({"127.0.0.1", port_});
            return;
        } catch (const SystemError&) {
            if (now_ms() > start + kStartMsMax) throw;
            stay_quiet(std::chrono::milliseconds{5});
        }
    }
}

OneProcessor::OneProcessor() {
    cpu_set_t allowed;
    check(::sched_getaffinity(0, sizeof allowed, &allowed), "sched_getaffinity");
    for (int i = 0; i < CPU_SETSIZE; ++i) {
        if (CPU_ISSET(i, &allowed)) before_.push_back(i);
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(before_.back(), &one);
    check(::sched_setaffinity(0, sizeof one, &one), "sched_setaffinity");
}

OneProcessor::~OneProcessor() {
    cpu_set_t all;
    CPU_ZERO(&all);
    for (const int processor : before_) CPU_SET(processor, &all);
    ::sched_setaffinity(0, sizeof all, &all);
}

int raise_descriptor_limit() {
    rlimit limit{};
    check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    check(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
}
