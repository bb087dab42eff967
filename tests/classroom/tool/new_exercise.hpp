// Where an exercise starts: the files that its stage needs in a directory of the reader's own, with
// the functions taken out that are to be written.
#pragma once

#include <string>

#include "tests/classroom/tool/exercise.hpp"

struct Workshop {
    std::string tree;     // the project
    std::string build;    // its build directory: what is compiled there is lent to the reader's
    std::string tests{};  // the program that holds the cases, when it is not the usual one
};

// Fills `directory`, which is made, or is there and empty. Throws Failure when it is not empty, or
// when a function to be taken out is not there.
void make_exercise(const Workshop& workshop, const Exercise& exercise,
                   const std::string& directory);

// The program that holds the black-box cases of a stage.
std::string tests_of(const Workshop& workshop, int stage);

// The program that `make` in such a directory builds.
std::string program_in(const std::string& tree, const Exercise& exercise,
                       const std::string& directory);

// The text of a source file with each of these functions reduced to a throw of NotWrittenYet, which
// names `chapter`. Throws Failure when there is no such function.
std::string with_holes(const std::string& source, const Exercise& exercise,
                       const std::string& chapter);
