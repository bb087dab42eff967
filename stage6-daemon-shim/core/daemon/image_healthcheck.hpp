// `HEALTHCHECK` of `import --change`, as a Dockerfile has it.
#pragma once

#include <string_view>

#include "stage6-daemon-shim/core/json/json.hpp"

// From "--interval=30s CMD test -e /ok" or "NONE" the member Healthcheck of an image's
// configuration: {"Test":["CMD-SHELL","test -e /ok"],"Interval":30000000000}, in nanoseconds.
// Throws HttpError 400 with Docker's words.
Json parse_healthcheck(std::string_view text);
