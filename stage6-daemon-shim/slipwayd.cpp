// Stage 6: slipwayd, the daemon with all features. Uses core/daemon, and through it stages 4 and 5
// and common/.

#include "stage6-daemon-shim/core/daemon/daemon_main.hpp"
#include "stage6-daemon-shim/features/isolation/isolation_in_daemon.hpp"

int main(int argc, char** argv) {
    const DaemonFeature features[] = {isolation_in_daemon()};
    return daemon_main(argc, argv,
                       {.program = "slipwayd",
                        .family = "slipway",
                        .shim = "slipway-shim",
                        .isolated_by_default = true},
                       features);
}
