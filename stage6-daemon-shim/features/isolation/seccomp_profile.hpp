// seccomp profiles as JSON: Docker's form (--security-opt seccomp=FILE), and the OCI runtime
// specification's (linux.seccomp of config-linux.md), in which the spec holds them.
#pragma once

#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/core/runtime/launch.hpp"
#include "stage6-daemon-shim/features/isolation/capabilities.hpp"
#include "stage6-daemon-shim/features/isolation/seccomp_filter.hpp"

// What Docker's form means on this machine for a container with these capabilities, in the
// specification's form: the conditions ("includes", "excludes") are decided. Throws JsonError that
// names the field, also for what parse_seccomp would refuse.
Json resolve_profile(const Json& profile, CapabilitySet capabilities);

// The rules of linux.seccomp. Names that this machine does not have are left out. Throws JsonError.
SeccompRules parse_seccomp(const Json& seccomp);

// The spec's annotation slipway.seccomp says "default" where the container has Docker's own
// profile: 300 names need not stand in every config.json.
inline constexpr const char* kSeccompAnnotation = "slipway.seccomp";

// Step 13: from here on the filter decides, for good and for every program that is started.
void install_filter(Launch& launch);
