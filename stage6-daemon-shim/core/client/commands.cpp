#include "stage6-daemon-shim/core/client/commands.hpp"

#include "stage6-daemon-shim/core/client/create_request.hpp"

static constexpr int kEngineFailed = 125;

static constexpr CommandEntry kContainerCommands[] = {
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
    {"rename", "give a container another name", run_command_rename},
    {"update", "change the limits of containers", run_command_update},
    {"rm", "remove containers", run_command_rm},
    {"inspect", "show all that is known of containers or images", run_command_inspect},
};

static constexpr CommandEntry kImageCommands[] = {
    {"images", "list images", run_command_images},
    {"history", "show what an image was made of", run_command_history},
    {"import", "make an image of an archive", run_command_import},
    {"tag", "give an image one more name", run_command_tag},
    {"rmi", "remove images", run_command_rmi},
    {"image inspect", "show all that is known of images", run_command_image_inspect},
    {"image prune", "remove images that nobody needs", run_command_image_prune},
};

static constexpr CommandEntry kEngineCommands[] = {
    {"info", "show what the daemon says of itself and its machine", run_command_info},
    {"version", "show the versions of client and daemon", run_command_version},
    {"network ls", "list networks", run_command_network_ls},
};

static constexpr CommandAlias kAliases[] = {
    {"container ls", "ps"},
    {"container list", "ps"},
    {"container ps", "ps"},
    {"container run", "run"},
    {"container create", "create"},
    {"container start", "start"},
    {"container logs", "logs"},
    {"container attach", "attach"},
    {"container exec", "exec"},
    {"container wait", "wait"},
    {"container stop", "stop"},
    {"container restart", "restart"},
    {"container kill", "kill"},
    {"container pause", "pause"},
    {"container unpause", "unpause"},
    {"container rename", "rename"},
    {"container update", "update"},
    {"container rm", "rm"},
    {"container remove", "rm"},
    {"container stats", "stats"},
    {"container top", "top"},
    {"container inspect", "inspect"},
    {"image ls", "images"},
    {"image list", "images"},
    {"image history", "history"},
    {"image import", "import"},
    {"image tag", "tag"},
    {"image rm", "rmi"},
    {"image remove", "rmi"},
    {"network list", "network ls"},
    {"system info", "info"},
    {"system events", "events"},
};

static constexpr std::string_view kNoRegistry = "there is no registry here; try import";
static constexpr std::string_view kNoLayers = "an image has one layer; try import";
static constexpr std::string_view kNoFiles =
    "files do not go in or out by themselves; try -v, or exec CONTAINER cat FILE";
static constexpr std::string_view kNoVolumes = "there are no volumes of the engine's; try -v";
static constexpr std::string_view kNoNetworks = "there are the networks none and host";

static constexpr RefusedCommand kRefused[] = {
    {"pull", kNoRegistry},
    {"push", kNoRegistry},
    {"login", kNoRegistry},
    {"logout", kNoRegistry},
    {"search", kNoRegistry},
    {"build", kNoLayers},
    {"commit", kNoLayers},
    {"load", kNoLayers},
    {"save", kNoLayers},
    {"cp", kNoFiles},
    {"diff", kNoFiles},
    {"export", kNoFiles},
    {"port", kNoNetworks},
    {"network", kNoNetworks},
    {"volume", kNoVolumes},
    {"image pull", kNoRegistry},
    {"image push", kNoRegistry},
    {"image build", kNoLayers},
    {"image load", kNoLayers},
    {"image save", kNoLayers},
    {"container cp", kNoFiles},
    {"container diff", kNoFiles},
    {"container export", kNoFiles},
    {"container commit", kNoLayers},
    {"container port", kNoNetworks},
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
    {"inspect", "show all that is known of containers, as JSON", run_command_container_inspect},
    {"rm", "remove containers", run_command_rm},
};

CommandTables slipway_commands(const ClientProgram& program) {
    CommandTables tables{
        {{"Containers", kContainerCommands}, {"Images", kImageCommands}}, kAliases, kRefused};
    for (const ClientFeature& feature : program.features) {
        if (!feature.commands.commands.empty()) tables.groups.push_back(feature.commands);
    }
    tables.groups.push_back({"Engine", kEngineCommands});
    return tables;
}

CommandTables orchestrate_commands() {
    return {{{"Commands", kOrchestrateCommands}}};
}
