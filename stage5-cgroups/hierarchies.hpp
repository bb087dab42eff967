// Where the cgroup file systems are on this machine, and which group of each we are in. Never from
// a fixed path: a machine may have version 1, version 2, both, or none. cgroups(7), proc(5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct Hierarchy {
    bool is_v2 = false;
    std::string mount_point;               // "/sys/fs/cgroup/memory"
    std::string own_group;                 // the directory of our own group, below mount_point
    std::vector<std::string> controllers;  // "memory", "cpu", ...; of v2: those of own_group

    // Compares whole words: cpu is not cpuset.
    bool has(std::string_view controller) const;
};

// From the texts of /proc/self/mountinfo and /proc/self/cgroup; `controllers` of v2 stay empty.
// A hierarchy in which our own group cannot be seen is left out, and one mounted twice comes once.
std::vector<Hierarchy> parse_hierarchies(std::string_view mountinfo, std::string_view own_groups);

// Those of this machine; `own_group` of version 2 as choose_place (delegation.hpp) leaves it. Empty
// when there are none.
std::vector<Hierarchy> find_hierarchies();

// The words of a text, separated by blanks and newlines.
std::vector<std::string> words_of(std::string_view text, std::string_view separators = " \n");
