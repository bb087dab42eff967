// What the load goes to, and where both run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.hpp"
#include "common/process.hpp"

// In a child: answers whatever is read with the same text, from one loop, until its parent ends: no
// request can be answered with less. `listener` is a TCP or a Unix socket.
[[noreturn]] void answer_all(const Fd& listener, std::string_view reply) noexcept;

// The floor: answers every read with stage 1's reply to `list` on an empty table.
class EchoServer {
public:
    EchoServer();
    std::uint16_t port() const { return port_; }

private:
    std::uint16_t port_ = 0;
    Child child_;
};

// Stage 1's program on a free port, its log to /dev/null.
class ManagerServer {
public:
    explicit ManagerServer(const std::string& program);
    std::uint16_t port() const { return port_; }

private:
    std::uint16_t port_ = 0;
    Child child_;
};

// This process and what it starts run on one processor for as long as this lives: so a figure is
// the work that a request costs, and not the luck of two that take turns.
class OneProcessor {
public:
    OneProcessor();
    OneProcessor(const OneProcessor&) = delete;
    OneProcessor& operator=(const OneProcessor&) = delete;
    ~OneProcessor();

private:
    std::vector<int> before_;
};

// As many descriptors as we may have. Returns how many.
int raise_descriptor_limit();
