// Stage 6: orchestratord, the article's daemon: the core alone. Uses core/daemon, and through it
// stages 4 and 5 and common/.

#include "stage6-daemon-shim/core/daemon/daemon_main.hpp"

int main(int argc, char** argv) {
    return daemon_main(argc, argv,
                       {.program = "orchestratord",
                        .family = "orchestrator",
                        .shim = "orchestrator-shim",
                        .isolated_by_default = false},
                       {});
}
