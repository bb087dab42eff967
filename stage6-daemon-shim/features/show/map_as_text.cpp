#include <algorithm>

#include "stage6-daemon-shim/features/show/container_map.hpp"

static std::string section(const std::string& title, const std::vector<std::string>& lines) {
    std::string text = "\n" + title + "\n";
    for (const std::string& line : lines) text += "  " + line + "\n";
    return text;
}

static std::string column(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size() + 1), ' ');
    return text;
}

// Whether one more of that depth comes before the tree goes back above it.
static bool goes_on(const std::vector<ProcessView>& tree, std::size_t after, unsigned depth) {
    for (std::size_t i = after + 1; i < tree.size() && tree[i].depth >= depth; ++i) {
        if (tree[i].depth == depth) return true;
    }
    return false;
}

static std::string branch(const std::vector<ProcessView>& tree, std::size_t at) {
    std::string text(8, ' ');
    for (unsigned depth = 0; depth < tree[at].depth; ++depth) {
        text += goes_on(tree, at, depth) ? "│  " : "   ";
    }
    return text + (goes_on(tree, at, tree[at].depth) ? "├─ " : "└─ ");
}

std::string map_as_text(const ContainerMap& map) {
    std::vector<std::string> tree = {"daemon  " + process_text(map.daemon),
                                     "shim    " + process_text(map.shim),
                                     "        " + shim_text(map)};
    for (std::size_t i = 0; i < map.processes.size(); ++i) {
        tree.push_back(branch(map.processes, i) + process_text(map.processes[i]));
    }
    std::vector<std::string> namespaces;
    for (const auto& [name, link, is_different] : map.namespaces) {
        const char* const verdict = link.empty()   ? "not ours to see"
                                    : is_different ? "different from yours"
                                                   : "the same as yours";
        namespaces.push_back(column(name, 8) + column(link, 22) + verdict);
    }
    return title_of(map) + "\n" + section("Processes", tree) + section("Namespaces", namespaces) +
           section("Cgroups", cgroup_lines(map)) + section("Mounts", mount_lines(map)) +
           section("Descriptors of the shim", descriptor_lines(map));
}
