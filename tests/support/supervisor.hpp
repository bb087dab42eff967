// One case from start to end: its sandbox, its deadline, and what it left behind.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/fd.hpp"
#include "common/process.hpp"
#include "tests/support/case.hpp"
#include "tests/support/case_cgroups.hpp"

struct Supervision {
    Case test;
    std::string sandbox_name;  // of its TMPDIR and of its cgroups
    std::uint64_t seed = 0;
    std::chrono::milliseconds deadline{};
    bool isolated = false;  // with a mount namespace and cgroups of its own
};

enum class Verdict : char { passed = 'P', failed = 'F', skipped = 'S' };

// A supervisor at work: the case's subreaper, in a process of its own. What it writes to `report`
// is the letter of the verdict and then the text for a person. SIGTERM makes it clean up and end;
// so does the death of the runner.
struct Supervised {
    Child supervisor;
    Fd report;
};

Supervised supervise(const Supervision& supervision, const CgroupPlaces& places);
