// The daemon: one loop that waits for whatever happens next, and one table.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "common/fd.hpp"
#include "common/process.hpp"
#include "common/tcp_socket.hpp"
#include "stage1-tcp-manager/connection.hpp"
#include "stage1-tcp-manager/deadlines.hpp"
#include "stage1-tcp-manager/log.hpp"
#include "stage1-tcp-manager/protocol.hpp"

class ContainerManager {
public:
    // Listens from here on. Throws what listen_tcp throws.
    explicit ContainerManager(const TcpAddress& address, const Patience& patience = {});

    // Serves until SIGTERM or SIGINT, answers what has arrived by then, gives the clients a second
    // to read it and returns 0; 128 + n at once when signal n comes after that. It is the exit
    // code of the program.
    int serve_until_signal();

private:
    struct Client {
        Connection connection;
        std::uint32_t interest;
    };
    using Clients = std::unordered_map<int, Client>;

    void wait_and_serve();
    void accept_clients();
    void set_accepting(bool accepting);
    void go_on(Clients::iterator client, bool is_alive);
    void expire_deadlines();
    void take_signal();

    SignalFd signals_{SIGTERM, SIGINT};
    Fd listener_;
    Fd epoll_;
    Log log_;
    bool log_is_written_ = true;
    ContainerTable table_;
    Patience patience_;
    Clients clients_;  // by descriptor
    Deadlines deadlines_;
    Clock::time_point now_ = Clock::now();
    Deadline accept_again_;  // set when descriptors have run out
    Deadline stop_;          // set by the first signal
    int exit_code_ = 0;
};
