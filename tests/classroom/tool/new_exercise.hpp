// Where an exercise starts: the files that its stage needs in a directory of the reader's own, with
// the functions taken out that are to be written.
#pragma once

#include <string>

#include "tests/classroom/tool/exercise.hpp"
#include "tests/classroom/tool/workshop.hpp"

// Fills `directory`, which is made, or is there and empty. Throws Failure when it is not empty, or
// when a function to be taken out is not there.
void make_exercise(const Workshop& workshop, const Exercise& exercise,
                   const std::string& directory);

// The same for a task of another kind: this text, and the Makefile, in which `make check` asks
// `question` ("exercise EX=3.2") of the program.
struct Task {
    int stage = 0;
    std::string title{};
    std::string file{};  // the name of its text
    std::string text{};
    std::string question{};
};
void make_task(const Workshop& workshop, const Task& task, const std::string& directory);
