// What the daemon makes of an annotation that asks to have the container's making explained.
#pragma once

#include "stage6-daemon-shim/core/daemon/feature.hpp"

DaemonFeature show_in_daemon();
