// Verbs that are carried through although the daemon may be killed in the middle of each.
#pragma once

#include <optional>
#include <string>

#include "stage6-daemon-shim/core/json/json.hpp"
#include "tests/faults/engine.hpp"

struct Reply {
    int status = 0;  // 0: the connection was lost, and nobody knows what became of it
    std::string body;
};

class Requests {
public:
    explicit Requests(const Engine& engine) : engine_{engine} {}

    // Tried again while there is no daemon, but sent once.
    Reply send(std::string_view method, const ApiTarget& target,
               const std::optional<Json>& body = {}) const;

    // Repeated until it is answered.
    Reply ask(std::string_view method, const ApiTarget& target,
              const std::optional<Json>& body = {}) const;

    // What the container is, and nothing when there is none of the name.
    std::optional<Json> inspect(const std::string& name) const;
    std::string status(const std::string& name) const;  // "" when there is none

    // Until it is so. Return what the daemon has answered last, where that is not what was to be
    // had; else an empty text.
    std::string create(const std::string& name, const Json& body) const;
    std::string start(const std::string& name) const;
    std::string remove(const std::string& name) const;
    std::string act(const std::string& name, const std::string& verb, const std::string& reached,
                    const std::string& query = {}) const;

    int wait(const std::string& name) const;  // -1: refused

private:
    const Engine& engine_;
};

Json container_body(const Words& command);
Json state_of(const Json& inspected, std::string_view member);
