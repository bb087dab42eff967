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
    // Throws when nothing comes for usual_deadline(), in each of the calls that read.
    explicit TextClient(std::uint16_t port);
    explicit TextClient(Fd socket);

    void send(std::string_view text);
    void end_sending();

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
