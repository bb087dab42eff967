// POST /containers/{id}/update: other limits and another restart policy.
#pragma once

#include <string>

#include "stage6-daemon-shim/core/daemon/daemon.hpp"

// `changes` has fields of HostConfig; zero means unchanged. What runs is changed at once, and
// config.json durably. Throws HttpError with Docker's words, also for what cannot be changed, and
// JsonError; then all is as it was.
Task<void> update_container(Daemon& daemon, ContainerPointer container, std::string as_given,
                            Json changes);
