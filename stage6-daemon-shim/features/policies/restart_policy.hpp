// Whether a container that has ended is started again: HostConfig.RestartPolicy.
#pragma once

#include <chrono>
#include <optional>

#include "stage6-daemon-shim/core/daemon/container.hpp"
#include "stage6-daemon-shim/core/daemon/feature.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

// Throws HttpError 400 with Docker's words, and JsonError.
void check_restart_policy(const JsonReader& host);

// 100 ms the first time, then twice as long each time up to a minute, and anew after ten seconds
// in which it ran. A daemon that has just begun starts at once what an earlier one would have;
// `always` then also means what its user had stopped.
std::optional<std::chrono::milliseconds> restart_after(Container& container, Learned learned);
