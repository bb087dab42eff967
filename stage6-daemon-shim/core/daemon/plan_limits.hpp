// What a container may use, from the resource fields of a HostConfig.
#pragma once

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"

// Throws HttpError 400 with Docker's words, and JsonError.
LimitsSpec plan_limits(const JsonReader& host);
