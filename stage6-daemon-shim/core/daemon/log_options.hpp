// What a create request says of the log: --log-driver and --log-opt.
#pragma once

#include <cstdint>

#include "stage6-daemon-shim/core/json/reader.hpp"

struct LogOptions {
    std::uint64_t bytes_max = 0;  // of one file; 0: no limit, and no second file
    unsigned files_max = 1;
};

// From HostConfig.LogConfig. The drivers json-file and local are names for the one log that there
// is, with Docker's defaults. Throws HttpError 400 with Docker's words.
LogOptions parse_log_options(const JsonReader& host);

// LogConfig as inspect shows it: with the driver's name.
Json shown_log_config(const JsonReader& host);

// What --log-opt labels= and env= choose of a container's labels and variables, "a=b,c=d": shown
// by `logs --details`.
std::string log_details(const Json& config);
