#include "stage2-cli-client/reply.hpp"

#include <algorithm>
#include <array>
#include <string>

// What begins each reply of a manager that says no.
static constexpr std::array<std::string_view, 8> kRefusals = {
    "Container not found", "Usage: ",  "Unknown command ",  "Invalid ",
    "Too many containers", "Line too", "Line not finished", "This is not"};

Outcome outcome_of(std::string_view command, std::string_view reply) {
    const auto space = command.find(' ');
    const std::string verb{command.substr(0, space)};
    const std::string name{space == command.npos ? "" : command.substr(space + 1)};
    const bool done =
        (verb == "run" && reply == "Container '" + name + "' created at '/tmp/" + name + ".txt'") ||
        (verb == "stop" && reply == "Container '" + name + "' stopped") ||
        (verb == "list" && reply.starts_with("Available containers: [") && reply.ends_with(']'));
    if (done) return Outcome::done;
    const bool refused =
        std::ranges::any_of(kRefusals, [&](auto text) { return reply.starts_with(text); });
    return refused ? Outcome::refused : Outcome::unexpected;
}
