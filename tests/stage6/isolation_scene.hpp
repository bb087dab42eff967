// Containers with the probe in them, started with what a case asks for.
#pragma once

#include <string>
#include <vector>

#include "tests/stage6/engine_scene.hpp"

// Changes the body of a create request; its HostConfig.
using BodyChange = std::function<void(Json& body)>;
BodyChange host_config(const std::string& field, const Json& value);

class IsolationScene : public EngineScene {
public:
    explicit IsolationScene(std::vector<std::string> daemon_options = {})
        : EngineScene{"slipway", std::move(daemon_options)} {}

    // What `probe WORDS...` prints in a container of its own, both streams, without the last
    // newline; and "exit N" where it did not end with 0.
    std::string probe_says(const std::vector<std::string>& words,
                           const BodyChange& change = {}) const;

    // A container whose root holds the probe, not started.
    std::string create_with_probe(const std::string& name, const std::vector<std::string>& words,
                                  const BodyChange& change = {}) const;

    // Where that root's files are, to put others there.
    std::string upper(const std::string& id) const;
};

// The value of a field of /proc/PID/status: "CapEff".
std::string status_field(const std::string& status, const std::string& name);
