// Source files with what is to be written taken out.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "tests/support/definitions.hpp"

// Included by every file that has a hole.
inline constexpr auto kNotWrittenYetHeader = "not_written_yet.hpp";
extern const std::string_view kNotWrittenYet;  // its text

// Where to read about a function: "'The gate' in book/03-namespaces.md".
using Where = std::function<std::string(const std::string& function)>;

// The source with the body of each function of which this is true reduced to a throw of
// NotWrittenYet. One that may not throw says so and ends the process; a destructor only says so.
// What stands before the body, comments too, stays.
std::string with_holes(const std::string& source,
                       const std::function<bool(const Definition&)>& is_hole, const Where& where);

// The source of a main.cpp with the recipe left in: taken out is the child, which must not throw,
// and what main() makes of an error.
std::string recipe_alone(const std::string& source, const Where& where);

// Of these source files, the functions that `roots` (texts of code) use, and what these use.
std::set<std::string> used_functions(const std::string& roots,
                                     const std::vector<std::string>& sources);
