// The articles' mistakes beside the right version: what is typed on either side, and what tells
// the two apart. They stand in chapter1.txt to chapter5.txt, in the order of the chapters' tables.
#pragma once

#include <string>
#include <vector>

struct Sides {
    std::string number;  // "3.1": of chapter 3
    std::string title;
    std::string where;  // which article, which step
    std::string needs;  // what a machine may lack: see what_is_missing_for
    std::string fault;  // what the wrong side prints and the right one does not
    std::string why;
    std::string wrong;  // lines for a shell, in a directory and in namespaces of their own
    std::string right;
};

// The text of one such file. Throws Failure that names the mistake of which a part is missing.
std::vector<Sides> parse_sides(const std::string& text);

// Those of all chapters; `directory` holds the files.
std::vector<Sides> all_sides(const std::string& directory);

// Empty, or what this machine lacks, in words. `needs` is empty or one of: root, limits (root and
// the memory controller), python311 (one without os.unshare), ldd, compiler (ldd and c++). Throws
// Failure for any other.
std::string what_is_missing_for(const std::string& needs);
