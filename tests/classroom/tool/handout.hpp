// A stage to be handed out, and a stage beside the one before it.
#pragma once

#include <string>

#include "tests/classroom/tool/workshop.hpp"

// The exact files that the stage's program is made of, all in one directory, and a Makefile of five
// lines. Returns how many source files these are.
int export_stage(const Workshop& workshop, int stage, const std::string& directory);

// The steps of the stage, from what the child does to main(), with the lines marked that are new
// since the stage before. In `color`, or with + and - in front; `columns` wide: in two columns
// where there is room.
struct Paper {
    std::size_t columns = 0;
    bool is_colored = false;
};
std::string recipe_beside(const std::string& tree, int stage, const Paper& paper);
