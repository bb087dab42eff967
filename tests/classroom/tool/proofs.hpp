// That the tests test: what make check-tests finds out, one thing at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/classroom/tool/workshop.hpp"

struct Proof {
    bool is_skipped = false;
    std::vector<std::string> faults{};  // none: it holds
};

struct Claim {
    std::string sentence;
    std::function<Proof()> prove;
};

// A part of them: of one stage, about one exercise, about one bug. 0 and empty: all.
struct Wanted {
    int stage = 0;
    std::string exercise{};
    std::string bug{};
};

// Every exercise: the reference passes and the program with holes fails; beyond: the reference
// fails and passes with its patch. Every stage that has contract cases: the reference passes them
// all; a program that only ends with 0, what `make new` starts with, and the program of the stage
// before, fail each. Every bug: its check fails on it, and passes on the reference.
std::vector<Claim> claims_of(const Workshop& workshop, const Wanted& wanted);

// Proves them, `jobs` at a time, and prints a line for each and the sum. 0 when all hold.
int prove(const std::vector<Claim>& claims, int jobs);
