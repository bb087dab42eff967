// Where a stage starts: from a blank page, as far as its own functions go.
#pragma once

#include <string>

#include "tests/classroom/tool/workshop.hpp"

// Fills `directory`, which is made, or is there and empty: the stage's headers and constants, its
// command line and the steps of its main(), with every other function of its own left to write; the
// stages that it uses as they are; a Makefile. Returns how many functions there are to write.
int make_stage(const Workshop& workshop, int stage, const std::string& directory);

// For a program in any language: the contract, and a script that starts the program.
void make_empty_stage(const Workshop& workshop, int stage, const std::string& directory);

// The first line of the CONTRACT.md of such a stage.
std::string contract_heading(int stage);
