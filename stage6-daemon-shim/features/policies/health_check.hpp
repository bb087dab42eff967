// How a container's health is looked at: Config.Healthcheck.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "stage6-daemon-shim/core/json/reader.hpp"

struct HealthCheck {
    std::vector<std::string> command;
    std::chrono::nanoseconds interval{}, timeout{}, start_period{}, start_interval{};
    unsigned retries = 0;  // failures in a row that make it unhealthy
};

// `config` is a Config, with what is not said filled in. Nothing where nobody is to look. Throws
// HttpError 400 with Docker's words, and JsonError.
std::optional<HealthCheck> parse_health_check(const JsonReader& config);
