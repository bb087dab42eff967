// What root may do inside: root's power is divided into capabilities, and a container gets
// fourteen of the forty-one. capabilities(7).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stage6-daemon-shim/core/runtime/launch.hpp"

// One bit for each, by its number in linux/capability.h.
using CapabilitySet = std::uint64_t;

// All that this process could have: its bounding set.
CapabilitySet own_capabilities();

// "CAP_NET_RAW", "NET_RAW" or "net_raw", and "ALL". Throws Failure: unknown capability.
CapabilitySet parse_capability(const std::string& name);

// "CAP_CHOWN" and so on, in the order of their numbers. Those that have no name are left out.
std::vector<std::string> capability_names(CapabilitySet set);

// What --cap-add and --cap-drop make of Docker's fourteen, less what we lack ourselves and so
// cannot give. ALL counts first, so that
// `--cap-drop ALL --cap-add NET_RAW` leaves one. Throws Failure.
CapabilitySet chosen_capabilities(const std::vector<std::string>& added,
                                  const std::vector<std::string>& dropped);

// Step 11: the capabilities outlive the change of user ids, so that step 13 can still be taken.
void keep_capabilities(Launch& launch);
// Step 13, before the filter: effective again after the change of user ids.
void raise_capabilities(Launch& launch);
// Step 14: only those of the spec's process.capabilities are left, for good, and none of them is
// passed on to programs by inheritance (CVE-2022-24769).
void drop_capabilities(Launch& launch);
