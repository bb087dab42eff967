// How a feature plugs into the daemon: see features/.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "stage6-daemon-shim/core/daemon/router.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"

struct Container;
struct Daemon;

// Each member may be left out.
struct DaemonFeature {
    std::string_view name;
    // Answers to requests; of two for one route a feature's comes before the core's.
    std::vector<Route> (*routes)(Daemon& daemon) = nullptr;
    // The fields of a create request that it reads; others are refused.
    std::span<const std::string_view> config_fields{}, host_fields{};
    // What it makes of them: `config` is the body, `host` its HostConfig, and `spec` what the core
    // has planned so far. Throws HttpError 400 and JsonError.
    void (*plan)(const JsonReader& config, const JsonReader& host, Spec& spec) = nullptr;
    // Once, when the daemon begins and before it looks for containers: to listen to announcements
    // and to begin tasks of its own.
    void (*begin)(Daemon& daemon) = nullptr;
    // Fields of its own in the answer of inspect.
    void (*inspect)(const Container& container, Json& answer) = nullptr;
    // What it says in `info`.
    void (*describe)(Json& info) = nullptr;
};
