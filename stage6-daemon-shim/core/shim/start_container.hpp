// From the container's directory to a container that runs, once for each shim.
#pragma once

#include <exception>
#include <optional>
#include <span>
#include <vector>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/records.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "stage6-daemon-shim/core/runtime/launch.hpp"
#include "stage6-daemon-shim/core/shim/running_container.hpp"

struct ShimFeature;

// What was asked cannot be had: the asker's mistake, not the engine's.
class InvalidRequest : public Failure {
    using Failure::Failure;
};

// What to tell the daemon of a start, or an exec, that failed so.
StartFailure failure_kind_of(const std::exception& error);

struct StartOrder {
    std::string id;
    unsigned number = 1;  // of the start
    std::span<const ShimFeature> features;
    std::vector<LaunchStep> feature_steps;
};

// Starts it and writes the started record; the exit record has its place on the disk by then.
// Everything that only the start needs is given back before it returns. Throws what failure_kind_of
// knows.
RunningContainer start_container(const StartOrder& order, const ContainerDir& directory,
                                 std::optional<ReservedExitRecord>& exit_record);
