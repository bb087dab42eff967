// Small peers for the programs of stages 1 and 2: what nc would be, with a deadline.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.hpp"
#include "common/process.hpp"
#include "tests/support/testing.hpp"

// A connection that sends and reads exactly what it is told to.
class TextClient {
public:
    // Throws when nothing comes for usual_deadline(), in each of the calls that read. Connects for
    // longer than that where the other side's queue is full: then TCP tries again, ever more
    // seldom.
    explicit TextClient(std::uint16_t port);
    explicit TextClient(Fd socket);

    void send(std::string_view text);
    void end_sending();  // does nothing when the other side has gone

    // The next line without its newline.
    std::string read_line();
    // All that has come as soon as something has.
    std::string read_some();
    // Until the other side has ended its sending; throws SystemError when it resets instead.
    std::string read_to_end();
    // True when nothing is there, and nothing comes for this long.
    bool is_silent(std::chrono::milliseconds how_long = std::chrono::milliseconds{500}) const;
    // `send` of a whole line, and the next one.
    std::string ask(std::string_view line);
    // The other side sees a reset instead of an orderly end.
    void reset();

    int fd() const { return socket_.get(); }

private:
    bool receive();

    Fd socket_;
    std::string received_;
};

// A free port of an address that nobody else is given as long as it is held: for a program that
// will listen there, if it sets SO_REUSEADDR, or for nobody. Who connects meanwhile is refused.
class HeldPort {
public:
    explicit HeldPort(const char* address = "127.0.0.1");
    std::uint16_t number() const { return number_; }
    std::string text() const { return std::to_string(number_); }

private:
    Fd socket_;
    std::uint16_t number_ = 0;
};

// Waits until a connection stands in the queue of a socket that listens.
void wait_until_connected(int listener);

// The manager under test on a free port, listening.
class RunningManager {
public:
    explicit RunningManager(const std::vector<std::string>& prefix = {});

    std::uint16_t port() const { return port_; }
    Process& process() { return process_; }

private:
    Process process_;
    std::uint16_t port_ = 0;
};

// The article's daemon (tests/mistakes): one client at a time, one recv for one command, replies
// without any end, `exit` unknown.
class ArticleDaemon {
public:
    ArticleDaemon();
    std::uint16_t port() const { return port_; }
    Process& process() { return process_; }

private:
    Process process_;
    std::uint16_t port_;
};

// The number behind the last colon of "... actively listening on 127.0.0.1:8080".
std::uint16_t port_in(const std::string& line);
