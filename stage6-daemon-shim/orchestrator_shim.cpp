// Stage 6: the shim of the core alone. Uses core/shim, and through it stages 3 to 5 and common/.
#include "stage6-daemon-shim/core/shim/shim.hpp"

int main(int argc, char** argv) {
    return shim_main(argc, argv, "orchestrator-shim", {});
}
