// What of /proc and /sys a container does not see, or may not write. Both tell about, and some of
// it steers, the whole machine: they have no namespaces of their own for it.
#pragma once

#include <string>
#include <vector>

#include "stage6-daemon-shim/core/runtime/launch.hpp"

// Docker's lists, with those of /sys that this machine has. Absolute paths in the container.
std::vector<std::string> default_masked_paths();
std::vector<std::string> default_read_only_paths();

// The spec's annotation of a privileged container: /sys and its control groups may be written.
inline constexpr const char* kWritableSystemAnnotation = "slipway.writable-system";

// Step 8, once the root is /: the kernel settings of linux.sysctl, before /proc/sys is closed.
void set_kernel_parameters(Launch& launch);

// Step 9: linux.maskedPaths are covered, linux.readonlyPaths are mounted read-only. What is not
// there needs neither.
void cover_system_paths(Launch& launch);
