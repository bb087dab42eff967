#include "stage5-cgroups/cgroup_names.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "stage5-cgroups/cgroup.hpp"

const std::string& checked_cgroup_name(const std::string& name) {
    const auto is_letter_or_digit = [](char letter) {
        return std::isalnum(static_cast<unsigned char>(letter)) != 0;
    };
    const bool good =
        !name.empty() && name.size() <= kCgroupNameBytesMax && is_letter_or_digit(name[0]) &&
        std::ranges::all_of(name, [&](char letter) {
            return is_letter_or_digit(letter) || letter == '.' || letter == '-' || letter == '_';
        });
    if (!good) throw Failure{"'" + printable(name) + "' is no name for a control group"};
    return name;
}

std::vector<std::string> cgroup_directories(const std::string& id,
                                            const std::vector<Hierarchy>& hierarchies) {
    // Of version 1 the trees of these alone: a container has a group nowhere else. That of devices
    // is stage 6's.
    static constexpr std::array used = {"memory", "cpu", "cpuset", "pids", "freezer", "devices"};
    std::vector<std::string> directories;
    for (const Hierarchy& hierarchy : hierarchies) {
        const bool is_used = hierarchy.is_v2 || std::ranges::any_of(used, [&](const char* name) {
                                 return hierarchy.has(name);
                             });
        if (is_used) directories.push_back(hierarchy.own_group + "/slipway/" + id);
    }
    return directories;
}

std::vector<Hierarchy> hierarchies_of(const std::vector<std::string>& directories,
                                      const std::string& id) {
    std::vector<Hierarchy> chosen;
    const std::string end = "/slipway/" + id;
    for (Hierarchy& hierarchy : find_hierarchies()) {
        for (const std::string& directory : directories) {
            if (!directory.starts_with(hierarchy.mount_point + "/")) continue;
            if (!directory.ends_with(end)) continue;
            hierarchy.own_group = directory.substr(0, directory.size() - end.size());
            chosen.push_back(std::move(hierarchy));
            break;
        }
    }
    return chosen;
}

std::string Cgroup::group_of(const std::string& controller) {
    const bool is_there = std::ranges::any_of(
        hierarchies_, [&](const Hierarchy& hierarchy) { return hierarchy.has(controller); });
    return is_there ? group_for(controller).path : "";
}

std::string Cgroup::group_on_v2() {
    for (const Hierarchy& hierarchy : hierarchies_) {
        if (!hierarchy.is_v2) continue;
        const bool is_ours = ::access((hierarchy.own_group + "/cgroup.procs").c_str(), W_OK) == 0;
        if (is_ours) return make_group(hierarchy).path;
    }
    return {};
}

std::string_view hint_for_cgroup_file(std::string_view file, int error) {
    if (file.starts_with("memory.") && error == EBUSY) return "it uses more than that already";
    if (file.starts_with("cpu.") && error == EINVAL) return "a group above it is allowed less";
    if (file.starts_with("cpuset.") && error == EACCES) return "not among those of the group above";
    if (file == "cgroup.subtree_control" && error == EBUSY)
        return "a group that holds processes cannot divide: cgroups(7), no internal processes";
    return {};
}

std::string_view hint_for_new_cgroup(int error) {
    if (error == EEXIST) return "is a container of this name running, or left by a crash?";
    if (error == EAGAIN) return "see cgroup.max.descendants and cgroup.max.depth of those above";
    return {};
}

Failure no_such_controller(const std::string& controller, const std::vector<Hierarchy>& all) {
    for (const Hierarchy& hierarchy : all) {
        if (!hierarchy.is_v2 || hierarchy.controllers.empty()) continue;
        return Failure{"limit " + controller + ": no " + controller +
                       " controller was handed down to the group " + hierarchy.own_group};
    }
    return Failure{"limit " + controller + ": this machine has no " + controller +
                   " controller mounted that we can see (mount | grep cgroup)"};
}
