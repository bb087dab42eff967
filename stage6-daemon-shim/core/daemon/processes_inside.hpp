// The processes of a container, as the host numbers them.
#pragma once

#include <vector>

#include "stage6-daemon-shim/core/contract/process_identity.hpp"

// All that live in the process namespace of `first` or in one below it (pid_namespaces(7)), those
// that were exec'd into it too. Who comes and goes meanwhile may be missing. Throws SystemError.
std::vector<ProcessIdentity> processes_inside(pid_t first);

// Sends the signal to that very process. One that has ended is none the worse for it.
void signal_process(const ProcessIdentity& process, int signal);
