// The classroom as make calls it: a verb, and variables in its environment.
#pragma once

#include <string>
#include <vector>

#include "tests/support/testing.hpp"

struct ClassroomCall {
    std::string verb;
    std::vector<std::string> variables{};  // "EX=1.1"
    std::string tree{};                    // another than the project's
};

Result classroom(const ClassroomCall& call);

// An executable file in a directory of its own; its path.
std::string script(const std::string& text, const std::string& name = "mine");

bool contains(const std::string& text, std::string_view part);
