// Stage 6: the shim of the core and of those features that have to do with launching a process.
#include "stage6-daemon-shim/core/shim/shim.hpp"
#include "stage6-daemon-shim/features/isolation/isolation_in_shim.hpp"
#include "stage6-daemon-shim/features/terminal/terminal_in_shim.hpp"

int main(int argc, char** argv) {
    const ShimFeature features[] = {isolation_in_shim(), terminal_in_shim()};
    return shim_main(argc, argv, "slipway-shim", features);
}
