// slipwayd --userns-remap UID:GID: root in a container is another user outside, so that who gets
// out is nobody there. user_namespaces(7).
#pragma once

#include "stage6-daemon-shim/core/daemon/daemon.hpp"

std::vector<Option> userns_options(DaemonOptions& options);

// Whether roots can be overlays of layers whose owners are mapped; where they cannot, containers
// get copies. Throws Failure where no map is to be had at all.
void begin_userns_remap(Daemon& daemon);

// UsernsMode "host" takes the map away; with it, what needs the host's own root is refused with
// dockerd's words. Throws HttpError 400.
void plan_userns(const JsonReader& host, Spec& spec);
