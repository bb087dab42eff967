// One case as the runner sees it, and what runner and case agree on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct Case {
    std::string name;
    std::string tags;  // "[stage3][root]"

    bool has(std::string_view tag) const { return tags.find(tag) != std::string::npos; }
};

// In the environment of a case.
inline constexpr auto kSeedVariable = "SLIPWAY_TEST_SEED";
inline constexpr auto kNameVariable = "SLIPWAY_TEST_CASE";
inline constexpr auto kReportVariable = "SLIPWAY_TEST_REPORT";      // descriptor for skip and hints
inline constexpr auto kPatienceVariable = "SLIPWAY_TEST_PATIENCE";  // see patient()
inline constexpr auto kCheckVariable = "SLIPWAY_TEST_CHECK";        // see checked_stage()
inline constexpr auto kGradedVariable = "SLIPWAY_TEST_GRADED";      // see grade

// How the name of a directory begins that temporary_directory() made.
inline constexpr auto kHandedOut = "handed-out-";

inline constexpr int kSkippedExitCode = 77;

// The path of this very program.
std::string own_program();

// All cases that Catch2 knows and the expression ("[stage3]~[root]", or a name) selects; without
// one all that are not hidden.
std::vector<Case> find_cases(const std::string& expression);

// From here on what hint() is told is not about what has failed.
void end_hints();

// The signal that killed the program that has ended last; 0 when none did.
int signal_of_last_end();

// What the programs of this case have been told and have said: those that run and the last one that
// has ended.
std::string describe_programs();

// Runs one case in this process. 0 passed, 1 failed; the report is printed.
int run_case(const std::string& name);
