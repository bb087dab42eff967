// Names of groups, and words for what goes wrong with them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/error.hpp"
#include "stage5-cgroups/hierarchies.hpp"

inline constexpr std::size_t kCgroupNameBytesMax = 64;

// Returns the name: letters, digits, dots, hyphens and underscores, the first a letter or a digit.
// Throws Failure for anything else: `..` and `/` would lead to somebody else's group.
const std::string& checked_cgroup_name(const std::string& name);

// cgroup_directories the other way: the hierarchies of this machine in which these directories of a
// container lie, with the parents that were chosen then.
std::vector<Hierarchy> hierarchies_of(const std::vector<std::string>& directories,
                                      const std::string& id);

// What the kernel means when a file of a group, or a new group, cannot be had. Empty when its own
// words say it.
std::string_view hint_for_cgroup_file(std::string_view file, int error);
std::string_view hint_for_new_cgroup(int error);

// What to throw when none of the hierarchies has the controller.
Failure no_such_controller(const std::string& controller, const std::vector<Hierarchy>& all);
