// /etc/hostname, /etc/hosts and /etc/resolv.conf: what the C library reads to know names.
#pragma once

#include "stage6-daemon-shim/core/runtime/launch.hpp"

// The spec's annotations: lines "1.2.3.4 name" for hosts (--add-host), and resolv.conf whole.
inline constexpr const char* kHostsAnnotation = "slipway.hosts";
inline constexpr const char* kResolverAnnotation = "slipway.resolver";

// Step 7: the three are mounted over the root's own, each a file in memory that the container may
// write. They are made anew at each start, and the image stays as it is.
void mount_network_files(Launch& launch);
