// The feature isolation as slipwayd plugs it in: what a create request asks for, into the spec.
#pragma once

#include "stage6-daemon-shim/core/daemon/feature.hpp"

DaemonFeature isolation_in_daemon();
