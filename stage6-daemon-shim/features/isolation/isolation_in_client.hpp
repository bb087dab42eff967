// The feature isolation as slipway plugs it in: options of `run` and `create`.
#pragma once

#include "stage6-daemon-shim/core/client/create_request.hpp"

ClientFeature isolation_in_client();
