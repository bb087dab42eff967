// Clients of stage 1's kind of server: a request is a line, its reply is a line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.hpp"

// Several connections, each with one request on its way at any time, in one loop.
class LoadClient {
public:
    LoadClient(std::uint16_t port, int connections);

    // Each request once, one after the other, on the first connection. Returns milliseconds.
    double ask_all(const std::vector<std::string>& requests);

    // All of the lines without waiting for a reply, on the first connection, until there are as
    // many lines of reply. Returns milliseconds.
    double pour(std::string_view lines);

    // Sends the requests in turn, over and over, for so long; waits for the last replies.
    // Returns requests per second. Throws when a connection ends or
    // there is no reply for ten seconds.
    double run(const std::vector<std::string>& requests, double milliseconds);

private:
    Fd epoll_;
    std::vector<Fd> connections_;
};

// Connections that say nothing.
std::vector<Fd> idle_connections(std::uint16_t port, int count);
