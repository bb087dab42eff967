// The system calls of a container that asks for nothing else: Docker's allow-list.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "stage6-daemon-shim/features/isolation/capabilities.hpp"
#include "stage6-daemon-shim/features/isolation/seccomp_filter.hpp"

struct CallsOfCapability {
    std::string_view capability;
    std::array<std::string_view, 25> calls;  // empty names at the end
};

// The table: calls by name, and those that come with a capability.
std::span<const std::string_view> calls_for_everybody();
std::span<const CallsOfCapability> calls_of_capabilities();

// The rules for a container with these capabilities.
SeccompRules default_profile(CapabilitySet capabilities);
