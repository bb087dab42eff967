#include "tests/mistakes/sides/sides.hpp"

#include <unistd.h>

#include <cstdlib>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/hierarchies.hpp"

static std::string* part_named(Sides& sides, const std::string& name) {
    if (name == "where") return &sides.where;
    if (name == "needs") return &sides.needs;
    if (name == "fault") return &sides.fault;
    if (name == "why") return &sides.why;
    if (name == "wrong") return &sides.wrong;
    if (name == "right") return &sides.right;
    throw Failure{"mistake " + sides.number + ": there is no part '" + name + "'"};
}

// A line that goes on with the part above: of a side the next line, of a text more words.
static void append_line(const Sides& sides, std::string* part, const std::string& line) {
    if (part == nullptr) throw Failure{"mistake " + sides.number + ": a line of no part"};
    const bool is_side = part == &sides.wrong || part == &sides.right;
    if (!part->empty()) part->push_back(is_side ? '\n' : ' ');
    part->append(line, 4);
}

std::vector<Sides> parse_sides(const std::string& text) {
    std::vector<Sides> all;
    std::string* part = nullptr;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string line = text.substr(start, end - start);
        start = end + 1;
        if (line.empty()) continue;
        if (line.starts_with("# ")) {
            const auto blank = std::min(line.find(' ', 2), line.size() - 1);
            all.emplace_back().number = line.substr(2, blank - 2);
            all.back().title = line.substr(blank + 1);
            part = nullptr;
        } else if (all.empty()) {
            throw Failure{"mistakes: the first line is no title: " + line};
        } else if (line.starts_with("    ")) {
            append_line(all.back(), part, line);
        } else {
            const auto colon = std::min(line.find(':'), line.size());
            part = part_named(all.back(), line.substr(0, colon));
            if (colon + 2 < line.size()) *part = line.substr(colon + 2);
        }
    }
    for (Sides& sides : all) {
        for (const char* name : {"where", "fault", "why", "wrong", "right"}) {
            if (!part_named(sides, name)->empty()) continue;
            throw Failure{"mistake " + sides.number + " has no part '" + name + "'"};
        }
    }
    return all;
}

std::vector<Sides> all_sides(const std::string& directory) {
    std::vector<Sides> all;
    for (const char chapter : {'1', '2', '3', '4', '5'}) {
        const auto sides = parse_sides(read_file(directory + "/chapter" + chapter + ".txt"));
        all.insert(all.end(), sides.begin(), sides.end());
    }
    return all;
}

static bool has_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    for (const auto& place : words_of(path == nullptr ? "" : path, ":")) {
        if (::access((place + "/" + name).c_str(), X_OK) == 0) return true;
    }
    return false;
}

static bool can_limit_memory() {
    for (const Hierarchy& hierarchy : find_hierarchies()) {
        if (hierarchy.has("memory")) return true;
    }
    return false;
}

std::string what_is_missing_for(const std::string& needs) {
    const bool is_root = ::geteuid() == 0;
    if (needs.empty()) return {};
    if (needs == "root") return is_root ? "" : "needs root";
    if (needs == "limits") {
        if (!is_root) return "needs root";
        return can_limit_memory() ? "" : "needs the memory controller";
    }
    if (needs == "python311") return has_program("python3") ? "" : "needs python3, older than 3.12";
    if (needs == "ldd") return has_program("ldd") ? "" : "needs ldd";
    if (needs == "compiler") {
        return has_program("ldd") && has_program("c++") ? "" : "needs ldd and c++";
    }
    throw Failure{"a mistake needs '" + needs + "', which nobody knows"};
}
