// A planted bug: book/bugs/N.M.md tells what one sees of it, N.M.patch plants it.
#pragma once

#include <string>
#include <vector>

#include "tests/classroom/tool/workshop.hpp"

struct Bug {
    std::string id;  // "3.2"
    int stage = 0;
    std::string title{};
    std::string text_path{};  // from the top of the tree
    std::string patch_path{};
};

// Throws Failure: there is no such bug, or its text does not begin with `# N.M Title`.
Bug read_bug(const std::string& tree, const std::string& id);

// Those of the stages that are in the tree, in order.
std::vector<Bug> all_bugs(const std::string& tree);

// Fills `directory` with the sources of the bug's stage, the bug among them, and with what one sees
// of it. Nothing there says where it is, unless what is compiled already is lent: without a build
// directory it is not.
void make_bug(const Workshop& workshop, const Bug& bug, const std::string& directory);
