// A program of the reader's, in any language, against the black-box tests of a stage.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/case.hpp"

// What is to be checked, as it was typed.
struct CheckRequest {
    int stage = 0;
    int program_stage = 0;   // whose command line the program has, when it is a later one's
    std::string exercise{};  // "3.2": its check alone
    std::string bug{};       // the same of a planted bug
    std::string program{};
    std::vector<std::string> parts{};  // of stage 6: "SLIPWAYD=path"
    bool only_this_stage = false;
    bool without_slow = false;
    bool first_decide = false;  // the other cases are not run when a [first] one fails
    std::uint64_t seed = 0;
    std::string only_case{};  // the name of one
};

// Where the program is: below `directories` in turn when its path is relative; `~/` is the home.
// Throws Failure in words for somebody who wrote that program: not there, not executable, a script
// whose first line says nothing or names nothing that is there.
std::string find_program(const std::string& path, const std::vector<std::string>& directories);

// The command line of the tests (`tests` is their program) and the variables it needs.
struct CheckCommand {
    std::vector<std::string> words;
    std::vector<std::string> variables;
};
CheckCommand check_command(const CheckRequest& request, const std::string& program,
                           const std::string& tests);
