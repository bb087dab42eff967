// Stage 6: slipway, the client with all features. It speaks to slipwayd and uses no other stage.
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/features/isolation/isolation_in_client.hpp"
#include "stage6-daemon-shim/features/observe/observe_in_client.hpp"
#include "stage6-daemon-shim/features/policies/policies_in_client.hpp"
#include "stage6-daemon-shim/features/show/show_in_client.hpp"

static constexpr ClientProgram kProgramOfCore = {
    .name = "slipway",
    .daemon = "slipwayd",
    .family = "slipway",
    .about =
        "Runs containers, by way of slipwayd. Commands, options and output are Docker's, with one\n"
        "difference: in `run` and `create` all that stands behind -- is the command, and the "
        "image\n"
        "is `host` unless one stood before it.\n"
        "The socket is that of --socket, of SLIPWAY_HOST, or the default: /run/slipway.sock as\n"
        "root, otherwise $XDG_RUNTIME_DIR/slipway.sock or /tmp/slipway-UID/slipway.sock.",
    .isolation = "default",
    .takes_image = true,
};

int main(int argc, char** argv) {
    const ClientFeature features[] = {isolation_in_client(), policies_in_client(),
                                      observe_in_client(), show_in_client()};
    ClientProgram program = kProgramOfCore;
    program.features = features;
    return run_client(program, slipway_commands(program), arguments_of(argc, argv));
}
