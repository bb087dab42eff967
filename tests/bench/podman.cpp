#include "tests/bench/podman.hpp"

#include <unistd.h>

#include "common/error.hpp"

Podman::Podman(std::string program, const EnginePlace& place)
    : program_{std::move(program)}, base_{place.directory() + "/podman"} {
    execute({"import", place.image(), kBenchImage});
}

Podman::~Podman() {
    try {
        execute({"rm", "--all", "--force", "--time", "0"});
    } catch (const std::exception&) {
        // What it left is seen by whoever looks for leaks.
    }
}

// On a machine with both versions of control groups it wants to see version 1 alone, as crun does.
Command Podman::command(const Words& words) const {
    const Words all{program_,           "--root",   base_ + ".root", "--runroot",
                    base_ + ".run",     "--tmpdir", base_ + ".tmp",  "--cgroup-manager=cgroupfs",
                    "--log-level=error"};
    return {with(all, words), true};
}

Command Podman::run(const Words& options, const Words& words) const {
    const Words all{"run",      "--network",      "none", "--ulimit", "nofile=1024:4096",
                    "--ulimit", "nproc=4096:4096"};
    return command(with(with(with(all, options), {kBenchImage}), words));
}

std::unique_ptr<Podman> find_podman(const EnginePlace& place, std::string& why) {
    const std::string program = find_program("podman");
    if (program.empty()) {
        why = "podman is not installed.";
    } else if (place.settings().rounds == 1) {
        why = "podman takes no part in a trial of one round.";
    } else if (::geteuid() != 0) {
        why = "podman takes part for root only.";
    } else {
        try {
            auto podman = std::make_unique<Podman>(program, place);
            why = "podman: " + version_of(program);
            return podman;
        } catch (const std::exception& error) {
            why = std::string{"podman takes no part: "} + error.what();
        }
    }
    return nullptr;
}
