// The commands of the core, each in the file of its group, and the tables of our two clients.
#pragma once

#include "stage6-daemon-shim/core/client/command.hpp"

// The program's features add groups of their own.
CommandTables slipway_commands(const ClientProgram& program);
CommandTables orchestrate_commands();

// command_run.cpp
int run_command_run(const Command& command);
int run_command_create(const Command& command);

// command_stream.cpp
int run_command_attach(const Command& command);
int run_command_start(const Command& command);

// command_exec.cpp
int run_command_exec(const Command& command);

// command_logs.cpp
int run_command_logs(const Command& command);

// command_list.cpp
int run_command_ps(const Command& command);

// command_images.cpp
int run_command_images(const Command& command);
int run_command_history(const Command& command);
int run_command_import(const Command& command);
int run_command_tag(const Command& command);
int run_command_rmi(const Command& command);
int run_command_image_prune(const Command& command);

// command_verbs.cpp
int run_command_stop(const Command& command);
int run_command_restart(const Command& command);
int run_command_kill(const Command& command);
int run_command_pause(const Command& command);
int run_command_unpause(const Command& command);
int run_command_rename(const Command& command);
int run_command_update(const Command& command);
int run_command_rm(const Command& command);
int run_command_wait(const Command& command);

// command_show.cpp
int run_command_inspect(const Command& command);
int run_command_container_inspect(const Command& command);
int run_command_image_inspect(const Command& command);
int run_command_version(const Command& command);
int run_command_info(const Command& command);
int run_command_network_ls(const Command& command);
