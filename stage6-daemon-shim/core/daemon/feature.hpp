// How a feature plugs into the daemon: see features/.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/options.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"
#include "stage6-daemon-shim/core/server/router.hpp"

struct Container;
struct Daemon;
struct ExecCommand;
struct DaemonOptions;

// How a daemon learns of a container's end: when it happens, or, a new daemon, from the records.
enum class Learned { now, from_records };

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
    // and to begin tasks of its own. Throws what keeps the daemon from beginning.
    void (*begin)(Daemon& daemon) = nullptr;
    // Whether a container that has ended by itself is started again, and after how long.
    std::optional<std::chrono::milliseconds> (*restart_after)(Container& container,
                                                              Learned learned) = nullptr;
    // Fields of its own in the answer of inspect.
    void (*inspect)(const Container& container, Json& answer) = nullptr;
    // Its options of the daemon's command line; they change `options`, which outlives them.
    std::vector<Option> (*options)(DaemonOptions& options) = nullptr;
    // What it makes of an exec's user and privileges in the request to the shim (see
    // exec_sessions.hpp). Throws HttpError 400.
    void (*plan_exec)(const Container& container, const ExecCommand& command,
                      Json& request) = nullptr;
    // What it says in `info`.
    void (*describe)(const Daemon& daemon, Json& info) = nullptr;
};
