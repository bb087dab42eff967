// The daemon's calls to a shim: each has a deadline, since a shim may be stopped, or stuck.
#pragma once

#include <string>

#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "stage6-daemon-shim/core/daemon/container_table.hpp"

constexpr auto kShimDeadline = std::chrono::seconds{5};

// Sends one request and returns the answer, which is ok. Throws HttpError 500 when the shim does
// not answer in time; Failure with its words when it refuses; SystemError when there is none.
Task<ShimMessage> ask_shim(EventLoop& loop, ContainerPointer container, std::string request);

// Reads what the shim says of a start. A shim that says nothing until the deadline is a failure.
constexpr auto kLaunchDeadline = std::chrono::seconds{60};
Task<ShimOutcome> read_outcome(EventLoop& loop, int fd, Deadline deadline);
