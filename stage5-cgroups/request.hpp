// What the command line of stage 5 asks for.
#pragma once

#include <string>
#include <vector>

#include "stage3-namespaces/isolation_options.hpp"
#include "stage4-chroot/root_options.hpp"
#include "stage5-cgroups/limits.hpp"

struct ContainerRequest {
    std::string id;  // 12 hexadecimal digits
    IsolationOptions isolation;
    RootOptions root;
    Limits limits;
    bool stats = false;                    // tell in the end what was used
    std::vector<std::string> environment;  // -e entries
    std::string image = "host";            // a directory, or "host"
    std::vector<std::string> command;

    ContainerRequest();
};

// `run [OPTIONS] IMAGE COMMAND...`, or with `--` before the command and then perhaps no IMAGE.
// --help and --version print and end the program. Throws UsageError; SystemError for an image that
// is not there.
ContainerRequest parse_container_request(const std::vector<std::string>& arguments);
