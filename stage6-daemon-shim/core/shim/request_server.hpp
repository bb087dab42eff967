// Answers what is asked over shim.sock: see contract/shim_protocol.hpp.
#pragma once

#include <poll.h>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "stage6-daemon-shim/core/shim/exec_processes.hpp"
#include "stage6-daemon-shim/core/shim/running_container.hpp"

class RequestServer {
public:
    // Makes the socket, and removes its file at the end. The caller holds the lock.
    RequestServer(const ContainerDir& directory, ExecProcesses& execs);
    RequestServer(const RequestServer&) = delete;
    RequestServer& operator=(const RequestServer&) = delete;
    ~RequestServer();

    static constexpr std::size_t kConnectionsMax = 16;  // one daemon needs one at a time

    // Adds what there is to wait for.
    void add_to(std::vector<pollfd>& ready) const;

    // Answers what is ready, without ever waiting for anybody. Who misbehaves is disconnected.
    void serve(std::span<const pollfd> ready, RunningContainer& container);

private:
    void accept_connections();
    bool serve_connection(int connection, RunningContainer& container);
    bool begin_exec(int connection, const ShimMessage& message, RunningContainer& container);

    const ContainerDir& directory_;
    ExecProcesses& execs_;
    Fd listener_;
    std::array<Fd, kConnectionsMax> connections_;
};
