// podman, an engine without a daemon: each command is a program of its own, and what stands beside
// a container is conmon.
#pragma once

#include <memory>
#include <string>

#include "tests/bench/command.hpp"
#include "tests/bench/engines.hpp"

class Podman {
public:
    // With everything of its own in the place, whose image it has. Throws Failure.
    Podman(std::string program, const EnginePlace& place);
    Podman(const Podman&) = delete;
    Podman& operator=(const Podman&) = delete;
    ~Podman();  // removes its containers

    // `podman run OPTIONS IMAGE COMMAND`.
    Command run(const Words& options, const Words& command) const;

    // `podman WORDS`, to its end. Throws Failure when its exit code is not 0.
    void execute(const Words& words) const { time_command(command(words), view_); }
    void execute(const Command& command) const { time_command(command, view_); }

private:
    Command command(const Words& words) const;

    std::string program_, base_;
    PrivateView view_;
};

// Null where it takes no part, and `why` says the reason. For the others `why` is its version.
std::unique_ptr<Podman> find_podman(const EnginePlace& place, std::string& why);
