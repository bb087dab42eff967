// The feature isolation as slipway-shim plugs it in: the steps of a launch, and the device policy.
#pragma once

#include "stage6-daemon-shim/core/shim/shim.hpp"

ShimFeature isolation_in_shim();
