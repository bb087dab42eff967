// Binds that pass on what is mounted below them, from the host to the container (slave) and also
// the other way (shared): mount_namespaces(7).
#pragma once

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"

// True for a bind with the option shared, rshared, slave or rslave.
bool propagates(const MountSpec& mount);

// Such a bind, a copy of the source's mount that is mounted nowhere yet. To be called where that
// mount is still the host's, before / is made private. Throws Failure with Docker's words where it
// shares with nobody, SystemError.
Fd open_propagating(const MountSpec& mount);

// Any other bind's copy keeps to itself what is mounted below it.
void make_private(int mount, const std::string& name);
