// The instructions of `import --change`, as Dockerfiles have them.
#pragma once

#include <string>

#include "stage6-daemon-shim/core/json/json.hpp"

// Applies one of CMD, ENTRYPOINT, ENV, WORKDIR, USER, LABEL, EXPOSE, STOPSIGNAL to the "config" of
// an image. Throws HttpError 400 for another one, and for arguments that cannot be.
void apply_change(Json& config, const std::string& instruction);
