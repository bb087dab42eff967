// Runs cases in parallel, each under its supervisor, and tells how they ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/case.hpp"

struct RunnerOptions {
    std::size_t jobs = 4;
    std::uint64_t seed = 0;
    std::chrono::milliseconds deadline{};  // of each case; 0: 180 s, and 1800 s for [slow]
    bool is_strict = false;                // a skip is a failure
    bool is_verbose = false;               // a line for each case that passed
    std::string again;                     // of a reader's program: what CASE=NAME is added to
    bool first_decide = false;             // when a case tagged [first] fails no other one is run
};

struct Totals {
    int passed = 0, failed = 0, skipped = 0;
    std::size_t not_run = 0;  // for a [first] one that failed
    bool interrupted = false;
};

// Cases tagged [serial] run one at a time after all others, in the host's own namespaces. SIGINT,
// SIGTERM and SIGHUP end everything and leave nothing behind.
Totals run_cases(const std::vector<Case>& cases, const RunnerOptions& options);

// "3 passed, 0 failed, 1 skipped".
std::string summary(const Totals& totals);
