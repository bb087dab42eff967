// The launch spec of the shim's container, and what an exec changes in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/contract/log_files.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"

// From config.json. Throws Failure "corrupt state: config.json: ...".
Spec read_spec(const ContainerDir& directory);

// From its annotations.
LogLimits log_limits_of(const Spec& spec);

// The names in process.capabilities.bounding.
std::vector<std::string> bounding_capabilities(const Spec& spec);

// The spec with the process and the annotations of an exec's request in place of its own (see
// contract/shim_protocol.hpp), less the capabilities that the container was not given in the end.
// Throws JsonError.
Spec spec_of_exec(const Spec& container, std::string_view request,
                  const std::vector<std::string>& withheld_capabilities);
