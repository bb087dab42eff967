// Stage 6: slipwayd, the daemon with all features. Uses core/daemon, and through it stages 4 and 5
// and common/.

#include "stage6-daemon-shim/core/daemon/daemon_main.hpp"
#include "stage6-daemon-shim/features/isolation/isolation_in_daemon.hpp"
#include "stage6-daemon-shim/features/observe/observe_in_daemon.hpp"
#include "stage6-daemon-shim/features/policies/policies_in_daemon.hpp"
#include "stage6-daemon-shim/features/show/show_in_daemon.hpp"
#include "stage6-daemon-shim/features/terminal/terminal_in_daemon.hpp"

int main(int argc, char** argv) {
    const DaemonFeature features[] = {isolation_in_daemon(), terminal_in_daemon(),
                                      observe_in_daemon(), policies_in_daemon(), show_in_daemon()};
    return daemon_main(argc, argv,
                       {.program = "slipwayd",
                        .family = "slipway",
                        .shim = "slipway-shim",
                        .isolated_by_default = true},
                       features);
}
