// Whether this machine lets us mount an overlay for a container.
#pragma once

#include <string>

// Tries it, in a child with a mount namespace of its own (and a user namespace without root), in a
// scratch directory below `directory`: the file system there decides too. Leaves nothing behind.
bool can_mount_overlay(const std::string& directory);
