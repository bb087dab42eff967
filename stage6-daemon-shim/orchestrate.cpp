// Stage 6: orchestrate, the article's client. It speaks to orchestratord and uses no other stage.
#include "stage6-daemon-shim/core/client/commands.hpp"

static constexpr ClientProgram kProgram = {
    .name = "orchestrate",
    .daemon = "orchestratord",
    .family = "orchestrator",
    .about =
        "Runs commands as containers, by way of orchestratord: plain processes, each with a shim\n"
        "beside it, unless --isolation default makes more of them.\n"
        "The socket is that of --socket, of ORCHESTRATOR_SOCKET, or the default:\n"
        "/run/orchestrator.sock as root, otherwise $XDG_RUNTIME_DIR/orchestrator.sock or\n"
        "/tmp/orchestrator-UID/orchestrator.sock.\n"
        "\n"
        "Try: orchestrate run --name hello -- echo \"hello world\"; orchestrate logs hello",
    .isolation = "none",
    .takes_image = false,
};

int main(int argc, char** argv) {
    return run_client(kProgram, orchestrate_commands(), arguments_of(argc, argv));
}
