#include "stage6-daemon-shim/core/client/commands.hpp"

static constexpr int kEngineFailed = 125;

static constexpr CommandEntry kSlipwayCommands[] = {
    {"run", "make a container and run a command in it", run_command_run, kEngineFailed},
    {"create", "make a container without starting it", run_command_create},
    {"start", "start containers", run_command_start},
    {"ps", "list containers", run_command_ps},
    {"logs", "show what a container has printed", run_command_logs},
    {"attach", "connect this terminal to a running container", run_command_attach},
    {"exec", "run one more command in a running container", run_command_exec},
    {"wait", "wait for containers to end and print their exit codes", run_command_wait},
    {"stop", "ask containers to end, then kill them", run_command_stop},
    {"restart", "stop containers and start them again", run_command_restart},
    {"kill", "send containers a signal", run_command_kill},
    {"pause", "freeze all processes of containers", run_command_pause},
    {"unpause", "let them go on", run_command_unpause},
    {"rm", "remove containers", run_command_rm},
    {"inspect", "show all that is known of containers, as JSON", run_command_inspect},
    {"images", "list images", run_command_images},
    {"info", "show what the daemon says of itself and its machine", run_command_info},
    {"version", "show the versions of client and daemon", run_command_version},
};

static constexpr CommandEntry kOrchestrateCommands[] = {
    {"run", "start a command as a container", run_command_run, kEngineFailed},
    {"create", "make a container without starting it", run_command_create},
    {"start", "start containers", run_command_start},
    {"stop", "ask containers to end, then kill them", run_command_stop},
    {"restart", "stop containers and start them again", run_command_restart},
    {"ps", "list containers", run_command_ps},
    {"logs", "show what a container has printed", run_command_logs},
    {"attach", "connect this terminal to a running container", run_command_attach},
    {"exec", "run one more command beside a container's", run_command_exec},
    {"pause", "stop all processes of containers", run_command_pause},
    {"unpause", "let them go on", run_command_unpause},
    {"kill", "send containers a signal", run_command_kill},
    {"wait", "wait for containers to end and print their exit codes", run_command_wait},
    {"inspect", "show all that is known of containers, as JSON", run_command_inspect},
    {"rm", "remove containers", run_command_rm},
};

std::span<const CommandEntry> slipway_commands() {
    return kSlipwayCommands;
}

std::span<const CommandEntry> orchestrate_commands() {
    return kOrchestrateCommands;
}
