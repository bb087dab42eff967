// The commands that watch the engine, and those that clear up.
#pragma once

#include "stage6-daemon-shim/core/client/create_request.hpp"

ClientFeature observe_in_client();

// command_stats.cpp
int run_command_stats(const Command& command);

// command_prune.cpp
int run_command_container_prune(const Command& command);
int run_command_system_prune(const Command& command);
int run_command_system_df(const Command& command);
