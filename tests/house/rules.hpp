// The rules of the house, each a pure function on text. They are few enough to be kept by everybody
// and are what keeps a reader's promise: a chapter is its folder, and reading goes one way.
#pragma once

#include "tests/support/source.hpp"

using Tree = std::vector<SourceFile>;
using Faults = std::vector<Fault>;

// An include points to the same folder, to common/ or to an earlier stage; in stage 6 along the
// edges of its table, and no feature to another. Tests may include what they test.
Faults check_includes(const SourceFile& file);

// Lines of at most 100 characters, files of at most 350 lines.
Faults check_lengths(const SourceFile& file);

// Functions of at most 50 lines, main() of a stage at most 40.
Faults check_functions(const SourceFile& file);

// Calls that nobody makes, words that stay out of finished code.
Faults check_forbidden(const SourceFile& file);

// In the daemon and the features no `co_await` inside the parentheses of an if, while, for or
// switch: see what it says.
Faults check_awaits(const SourceFile& file);

// What a container's shim links has neither streams nor std::filesystem.
Faults check_headers_of_shim(const SourceFile& file);

// The first line says which chapter it is, the comment which earlier ones it uses.
Faults check_first_comment(const SourceFile& file);

// common knows nothing of containers and stays small: eight pairs, 700 lines of code.
Faults check_common(const Tree& tree);

// A step is main.cpp and at most two files, 300 lines of code; the edges are the files that the
// folder's README.md names, in backticks, below a heading with the word "edges". Without one: no
// rule.
Faults check_step(const Tree& tree, const std::string& folder);

// These system calls have one home each, and cgroup files are written in one place of stage 5.
Faults check_homes(const Tree& tree);

// Nothing at the top but what the README's picture of the house shows.
Faults check_top_level(const std::vector<std::string>& names);

// Lines that are neither blank nor only comment.
std::size_t lines_of_code(const std::string& text);
