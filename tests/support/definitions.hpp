// Finds the definitions of a source file by name: for a book that quotes them and for exercises
// that take one out. For code as .clang-format lays it out; it is no parser of C++.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

enum class DefinitionKind { function, type, constant, alias };

struct Definition {
    std::string name;            // as written, with the class it stands in: "Cgroup::add", "Limits"
    std::size_t first_line = 0;  // from 1; comments above it are not part of it
    std::size_t last_line = 0;   // with the `;` of a type or a constant
    std::string text;            // these lines, each with its newline
    std::size_t body_begin = 0;  // where in the file `{` stands, and
    std::size_t body_end = 0;    // the `}` that matches; both 0 where there is none
    DefinitionKind kind = DefinitionKind::function;
};

// In the order in which they begin, those inside a class too. Of variables only those at file
// level that are given a value. Declarations are left out.
std::vector<Definition> definitions_of(const std::string& source_text);
