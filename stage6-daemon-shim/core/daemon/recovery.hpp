// What a daemon does when it begins: reads the containers that an earlier one left, and finds out
// from locks and records how each of them is.
#pragma once

#include "stage6-daemon-shim/core/daemon/daemon.hpp"

// Puts every container of ROOT/containers into the table. One that runs is watched again; one
// whose records are damaged is dead, with the reason, and harms no other. Returns how many.
std::size_t recover_containers(Daemon& daemon);
