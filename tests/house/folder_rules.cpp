// What a folder holds.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "tests/house/rules.hpp"

// What the README's part on edges names between backticks, without extensions.
static std::set<std::string> edges_named_in(const std::string& readme) {
    std::set<std::string> names;
    bool in_edges = false;
    for (const std::string& line : lines_of(readme)) {
        if (line.starts_with('#')) {
            in_edges =
                line.find("edges") != std::string::npos || line.find("Edges") != std::string::npos;
        }
        if (!in_edges) continue;
        names.insert("");  // there is such a part, even when it names none
        for (std::size_t start = line.find('`'); start != std::string::npos;) {
            const std::size_t end = line.find('`', start + 1);
            if (end == std::string::npos) break;
            names.insert(stem(line.substr(start + 1, end - start - 1)));
            start = line.find('`', end + 1);
        }
    }
    return names;
}

Faults check_step(const Tree& tree, const std::string& folder) {
    static constexpr std::size_t files_max = 2;
    static constexpr std::size_t lines_max = 300;
    Faults faults;
    std::set<std::string> edges;
    for (const SourceFile& file : tree) {
        if (file.path == folder + "/README.md") edges = edges_named_in(file.text);
    }
    if (edges.empty()) return faults;
    std::map<std::string, std::size_t> step;
    std::size_t lines = 0;
    for (const SourceFile& file : tree) {
        if (top_folder(file.path) != folder || !is_code(file.path)) continue;
        if (edges.contains(stem(file.path))) continue;
        step[stem(file.path)] += lines_of_code(file.text);
        lines += lines_of_code(file.text);
    }
    std::string names;
    for (const auto& [name, count] : step) names += " " + name + " (" + std::to_string(count) + ")";
    if (step.size() > files_max + 1) {
        faults.push_back({folder, 0, "the step has more than main and two files:" + names});
    }
    if (lines > lines_max) {
        faults.push_back(
            {folder, 0,
             "the step has " + std::to_string(lines) + " lines of code (300 allowed):" + names});
    }
    return faults;
}

Faults check_top_level(const std::vector<std::string>& names) {
    static constexpr std::array expected{
        "LICENSE",       "Makefile",           "README.md",          "book",
        "common",        "stage1-tcp-manager", "stage2-cli-client",  "stage3-namespaces",
        "stage4-chroot", "stage5-cgroups",     "stage6-daemon-shim", "tests",
    };
    Faults faults;
    for (const auto& name : names) {
        if (name.starts_with('.') || name == "build") continue;
        if (std::ranges::find(expected, name) == expected.end()) {
            faults.push_back({name, 0, "does not belong to the top level"});
        }
    }
    for (const std::string name : expected) {
        if (std::ranges::find(names, name) == names.end()) {
            faults.push_back({name, 0, "is missing"});
        }
    }
    return faults;
}
