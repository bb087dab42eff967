// Processes that were started in the container beside its first one, each on behalf of a connection
// of the daemon's: it says what became of it, and takes it along when it goes.
#pragma once

#include <poll.h>
#include <signal.h>

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/runtime/launch.hpp"
#include "stage6-daemon-shim/core/shim/running_container.hpp"

class ExecProcesses {
public:
    ExecProcesses(const ContainerDir& directory, std::vector<LaunchStep> feature_steps)
        : directory_{directory}, feature_steps_{std::move(feature_steps)} {}

    // Begins what an `exec` request asks for, and keeps a copy of its connection. Throws what the
    // asker is told.
    void begin(int connection, std::string_view request, std::span<const Fd> streams,
               RunningContainer& container);

    // What there is to wait for, and what to do when some of it has come.
    void add_to(std::vector<pollfd>& ready) const;
    void serve(std::span<const pollfd> ready);

    // A child that has ended and is about to be reaped. False when it is none of these.
    bool take_end(const siginfo_t& info);

    // The container has ended, and all of them with it.
    void end_all();

private:
    struct Exec {
        Fd connection;
        Fd pid_pipe;                          // until the number of the process is known
        std::unique_ptr<ChildReport> report;  // until it runs
        pid_t pid = 0;
        std::optional<int> exit_code{};

        int awaited() const;
    };

    bool proceed(Exec& exec);
    bool take_pid(Exec& exec);
    bool take_report(Exec& exec);

    const ContainerDir& directory_;
    std::vector<LaunchStep> feature_steps_;
    std::vector<Exec> execs_;
};
