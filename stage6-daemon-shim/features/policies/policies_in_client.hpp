// --restart and --health-... of `run` and `create`.
#pragma once

#include "stage6-daemon-shim/core/client/create_request.hpp"

ClientFeature policies_in_client();
