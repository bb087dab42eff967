// How far the programs in somebody's directory are: a line for each stage, and what comes next.
#pragma once

#include <string>
#include <vector>

#include "tests/classroom/tool/workshop.hpp"

// A program of the reader's, found by its name: build/stage3-namespaces, stage3, stage3.py; or the
// script `run` beside a CONTRACT.md.
struct ReaderProgram {
    int stage = 0;
    std::string path;
};

// In the directory and in those one below it; where a Makefile is, `make` is called first. Throws
// Failure with the compiler's words when something does not build, or when nothing is found.
std::vector<ReaderProgram> programs_in(const std::string& directory);

struct ProgressRequest {
    std::string directory;
    int stage = 0;            // this one alone; 0: all that there are
    std::string only_case{};  // asked instead of the contract
};

// Asks the contract of each, and of a stage 4 or 5 the earlier ones too, all at once. As soon as
// something has failed and a second has passed, the verdict is given: what has no answer by then
// counts as failed. Returns 0 when all of it passed.
int show_progress(const Workshop& workshop, const ProgressRequest& asked);
