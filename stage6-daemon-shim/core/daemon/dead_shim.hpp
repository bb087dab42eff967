// What a shim that died leaves behind.
#pragma once

#include <string>
#include <vector>

#include "stage6-daemon-shim/core/daemon/container.hpp"

// The places of the container's control groups, as its spec names them. Empty where it is damaged.
std::vector<std::string> cgroups_of(const Container& container);

// Belt and braces: the container's PID 1 dies with its shim (PR_SET_PDEATHSIG), unless it exec'd a
// set-user-ID program, which clears that. SIGKILL to it, and to its group; whoever else lived in
// the container is killed with its control groups. Throws Failure for a damaged record.
void kill_what_is_left(const Container& container, unsigned number);
