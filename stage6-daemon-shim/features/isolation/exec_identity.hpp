// Whom an exec runs as, and what it may: its own --user and --privileged.
#pragma once

#include "stage6-daemon-shim/core/daemon/exec_sessions.hpp"

// Writes both into the request to the shim. Throws HttpError 400.
void plan_exec_identity(const Container& container, const ExecCommand& command, Json& request);
