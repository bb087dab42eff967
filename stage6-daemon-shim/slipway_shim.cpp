// Stage 6: the shim of the core and of those features that have to do with launching a process.
#include "stage6-daemon-shim/core/shim/shim.hpp"

int main(int argc, char** argv) {
    return shim_main(argc, argv, "slipway-shim", {});
}
