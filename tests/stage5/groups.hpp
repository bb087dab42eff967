// Where the control groups of a container are, as the host sees them.
#pragma once

#include <string>

#include "tests/stage3/container.hpp"

// Ends the case as skipped where we cannot set limits: no controllers, or not ours to write to.
void need_limits();

// The directories of the container's groups that there are.
Words groups_of(const std::string& id);

// A limit of the container of this name, read from its group: the first of the files, given by
// the names of version 2 and version 1, that is there. Without its newline.
std::string limit_of(const std::string& id, const Words& files);

// The ID from "container-ID", the host name of a container of stage 5.
std::string id_of(const std::string& hostname);
