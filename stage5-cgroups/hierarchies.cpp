#include "stage5-cgroups/hierarchies.hpp"

#include <algorithm>

#include "common/file.hpp"
#include "stage5-cgroups/delegation.hpp"

static bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool Hierarchy::has(std::string_view controller) const {
    return contains(controllers, controller);
}

std::vector<std::string> words_of(std::string_view text, std::string_view separators) {
    std::vector<std::string> words;
    while (true) {
        const auto start = text.find_first_not_of(separators);
        if (start == std::string_view::npos) return words;
        const auto end = std::min(text.find_first_of(separators, start), text.size());
        words.emplace_back(text.substr(start, end - start));
        text.remove_prefix(end);
    }
}

// The kernel writes blank, tab, newline and backslash in a path as \040 and so on (proc(5)).
static std::string unescaped(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool octal = text[i] == '\\' && i + 3 < text.size();
        if (octal) {
            const int code =
                (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
            result += static_cast<char>(code);
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

// The path that a line of /proc/self/cgroup, "4:memory:/a/b", gives for a hierarchy; version 2's
// line is "0::/a/b". Empty when there is none.
static std::string own_path(const Hierarchy& hierarchy, std::string_view own_groups) {
    for (const auto& line : words_of(own_groups, "\n")) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string names = line.substr(first + 1, second - first - 1);
        const auto controllers = words_of(names, ",");
        const bool same = hierarchy.is_v2 ? names.empty() && line.starts_with("0:")
                                          : !controllers.empty() && hierarchy.has(controllers[0]);
        if (same) return line.substr(second + 1);
    }
    return {};
}

// One line: ID PARENT MAJOR:MINOR ROOT MOUNT_POINT OPTIONS [TAG...] - TYPE SOURCE SUPER_OPTIONS
static bool parse_mount(const std::string& line, std::string_view own_groups, Hierarchy& found) {
    const auto words = words_of(line, " ");
    const auto dash =
        static_cast<std::size_t>(std::find(words.begin(), words.end(), "-") - words.begin());
    if (dash < 6 || words.size() < dash + 4) return false;
    const std::string& type = words[dash + 1];
    if (type != "cgroup" && type != "cgroup2") return false;

    found.is_v2 = type == "cgroup2";
    found.mount_point = unescaped(words[4]);
    if (!found.is_v2) {
        for (const auto& option : words_of(words[dash + 3], ",")) {
            if (option != "rw" && option != "ro") found.controllers.push_back(option);
        }
    }
    // The mount may show a part of the tree alone, from ROOT down.
    const std::string root = words[3] == "/" ? "" : unescaped(words[3]);
    const std::string path = own_path(found, own_groups);
    const bool visible = path.starts_with('/') && !path.starts_with("/..") &&
                         path.starts_with(root) &&
                         (path.size() == root.size() || path[root.size()] == '/');
    if (!visible) return false;
    found.own_group = found.mount_point + path.substr(root.size());
    while (found.own_group.ends_with('/')) found.own_group.pop_back();
    return true;
}

std::vector<Hierarchy> parse_hierarchies(std::string_view mountinfo, std::string_view own_groups) {
    std::vector<Hierarchy> all;
    for (const auto& line : words_of(mountinfo, "\n")) {
        Hierarchy found;
        if (!parse_mount(line, own_groups, found)) continue;
        const bool known = std::any_of(all.begin(), all.end(), [&](const Hierarchy& other) {
            return other.is_v2 == found.is_v2 && other.controllers == found.controllers;
        });
        if (!known) all.push_back(std::move(found));
    }
    return all;
}

std::vector<Hierarchy> find_hierarchies() {
    auto all = parse_hierarchies(read_file("/proc/self/mountinfo"), read_file("/proc/self/cgroup"));
    for (Hierarchy& hierarchy : all) choose_place(hierarchy);
    return all;
}
