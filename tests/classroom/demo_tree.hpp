// A small project of a test's own, with one stage that prints a word.
#pragma once

#include <string>

#include "tests/classroom/classroom.hpp"

extern const char* const kDemoMain;   // of stage1-demo/main.cpp
extern const char* const kDemoWord;   // of stage1-demo/word.cpp
extern const char* const kDemoPatch;  // it says goodbye

// Its directory.
std::string demo_tree();

// `make` in a directory, in no connection with the make that runs the tests.
Result build_in(const std::string& directory);
