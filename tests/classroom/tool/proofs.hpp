// That the tests test: what make check-tests finds out, one thing at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/classroom/tool/new_exercise.hpp"

struct Proof {
    bool is_skipped = false;
    std::vector<std::string> faults{};  // none: it holds
};

struct Claim {
    std::string sentence;
    std::function<Proof()> prove;
};

// A part of them: of one stage, about one exercise. 0 and empty: all.
struct Wanted {
    int stage = 0;
    std::string exercise{};
};

// Every exercise: the reference passes and the program with holes fails; beyond: the reference
// fails and passes with its patch. Every stage that has contract cases: the reference passes them
// all; a program that only ends with 0, and the program of the stage before, fail each.
std::vector<Claim> claims_of(const Workshop& workshop, const Wanted& wanted);

// Proves them, `jobs` at a time, and prints a line for each and the sum. 0 when all hold.
int prove(const std::vector<Claim>& claims, int jobs);
