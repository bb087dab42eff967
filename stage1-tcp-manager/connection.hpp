// One client: what it has sent and we have not taken yet, what we answered and it has not read yet.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/fd.hpp"
#include "stage1-tcp-manager/deadlines.hpp"
#include "stage1-tcp-manager/log.hpp"
#include "stage1-tcp-manager/protocol.hpp"

// How long we wait for a client. Nothing limits the silence between two commands.
struct Patience {
    std::chrono::milliseconds quiet{20};           // until a text without a newline is a command
    std::chrono::milliseconds unfinished{30'000};  // for the rest of a line
    std::chrono::milliseconds unread{30'000};      // for a client that reads nothing
    std::chrono::milliseconds farewell{10'000};    // for the client to close its end too
};

// With this much of replies unread no further line of the client is taken, and so in the end
// nothing is read from it: it waits, and nobody else does.
constexpr std::size_t kUnreadBytesMax = 256 * 1024;

class Connection {
public:
    Connection(Fd socket, const Patience& patience);

    // Does what can be done without waiting: sends, reads once, executes whole lines, sends.
    // False when the connection is over.
    bool serve(ContainerTable& table, Log& log, Clock::time_point now);

    // To be called at the deadline. False when the connection is over.
    bool expire(ContainerTable& table, Log& log, Clock::time_point now);

    // When to call expire; nothing while nothing is waited for but the next command.
    Deadline deadline() const;

    // EPOLLIN or EPOLLOUT: what to wait for next.
    std::uint32_t interest() const;

    // The manager ends: answers what has arrived, and reads nothing more. False when there is
    // nothing left to send.
    bool finish(ContainerTable& table, Log& log, Clock::time_point now);

private:
    enum class State {
        open,
        flushing,  // reads nothing more, and is closed when the replies are out
        leaving,   // takes no line more, and waits for the client to close: see leave()
    };

    // What one read brought: the end means that nothing can be had from or brought to this client.
    enum class Received { something, nothing, end };

    Received receive();
    void execute_lines(ContainerTable& table, Log& log);
    void execute_without_newline(ContainerTable& table, Log& log);
    void execute(std::string_view line, ContainerTable& table, Log& log);
    void refuse(std::string_view reason);
    void leave();
    bool send();

    Fd socket_;
    Patience patience_;
    State state_ = State::open;
    bool ends_its_lines_ = false;  // has sent a newline: from then on lines alone count
    bool lines_wait_ = false;      // `received_` has whole lines, which wait for replies to be read
    std::string received_;
    std::string unread_;
    std::size_t unread_start_ = 0;  // what of `unread_` the kernel has already
    Clock::time_point now_{};
    Clock::time_point line_began_{};
    Clock::time_point last_received_{};
    Clock::time_point unread_since_{};
    Clock::time_point left_{};
};

// A client's address as Python prints it: ('127.0.0.1', 54321), with two numbers more for IPv6.
std::string address_text(const sockaddr_storage& address);
