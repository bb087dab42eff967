// The commands of the core, each in the file of its group, and the tables of our two clients.
#pragma once

#include <span>

#include "stage6-daemon-shim/core/client/command.hpp"

std::span<const CommandEntry> slipway_commands();
std::span<const CommandEntry> orchestrate_commands();

// command_run.cpp
int run_command_run(const Command& command);
int run_command_create(const Command& command);

// command_stream.cpp
int run_command_attach(const Command& command);
int run_command_start(const Command& command);
int run_command_exec(const Command& command);

// command_logs.cpp
int run_command_logs(const Command& command);

// command_list.cpp
int run_command_ps(const Command& command);
int run_command_images(const Command& command);

// command_verbs.cpp
int run_command_stop(const Command& command);
int run_command_restart(const Command& command);
int run_command_kill(const Command& command);
int run_command_pause(const Command& command);
int run_command_unpause(const Command& command);
int run_command_rm(const Command& command);
int run_command_wait(const Command& command);

// command_show.cpp
int run_command_inspect(const Command& command);
int run_command_version(const Command& command);
int run_command_info(const Command& command);
