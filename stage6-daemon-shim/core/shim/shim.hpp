// The whole of a shim but for its main(): orchestrator_shim.cpp and slipway_shim.cpp differ in the
// features that they name.
#pragma once

#include <span>
#include <string_view>

#include "stage6-daemon-shim/core/runtime/launch.hpp"

// How a feature plugs into the shim.
struct ShimFeature {
    std::string_view name;
    std::span<const LaunchStep> launch_steps;
    // In the shim, before the launch: what the container's control group is to enforce beside the
    // limits; what cannot be had there it may change in the spec. May be null; the cgroup, too.
    void (*prepare)(Spec& spec, Cgroup* cgroup) = nullptr;
    // Whether one of its steps opens a terminal and sends its other end over Streams::console.
    bool opens_terminals = false;
};

// Started by the daemon as contract/shim_protocol.hpp says. Returns when the container has ended
// and its exit is recorded: 0; 1 when it could not be started, which the daemon was told; 2 when it
// was not a daemon that started us.
int shim_main(int argc, char** argv, std::string_view program,
              std::span<const ShimFeature> features);
