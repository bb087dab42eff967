#include "tests/bench/group_places.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"

struct GroupMount {
    bool is_v2 = false;
    std::string point;
    std::string options;  // ",rw,memory,"
};

// Fields of a line: the mount point is the fifth, what follows the dash type, source and options.
static std::vector<GroupMount> group_mounts() {
    std::vector<GroupMount> mounts;
    std::istringstream text{read_file("/proc/self/mountinfo")};
    for (std::string line; std::getline(text, line);) {
        std::istringstream front{line};
        std::istringstream back{line.substr(line.find(" - ") + 3)};
        std::string skipped, point, type, source, options;
        front >> skipped >> skipped >> skipped >> skipped >> point;
        back >> type >> source >> options;
        if (type != "cgroup" && type != "cgroup2") continue;
        mounts.push_back({type == "cgroup2", point, "," + options + ","});
    }
    return mounts;
}

// Our own group in the hierarchy of the controller, or of version 2 for an empty name.
static std::string own_group(const std::string& controller) {
    std::istringstream text{read_file("/proc/self/cgroup")};
    for (std::string line; std::getline(text, line);) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
        const bool same = controller.empty() ? line.starts_with("0:")
                                             : names.find("," + controller + ",") != names.npos;
        if (same) return line.substr(second + 1) == "/" ? "" : line.substr(second + 1);
    }
    return {};
}

static bool can_make_groups_in(const std::string& directory) {
    const std::string trial = directory + "/slipway-bench-" + std::to_string(::getpid());
    return ::mkdir(trial.c_str(), 0755) == 0 && ::rmdir(trial.c_str()) == 0;
}

static bool hands_out(const std::string& group, const std::string& controller) {
    try {
        write_control_file(group + "/cgroup.subtree_control", "+" + controller);
        return true;
    } catch (const SystemError&) {
        return false;
    }
}

// With processes in our own group only the top of the tree can have groups with limits; without
// the right to go there, the group above ours that was delegated to us.
static void find_v2_place(const GroupMount& mount, GroupPlaces& places) {
    const std::string own = own_group("");
    const std::string above = own.substr(0, own.rfind('/') == own.npos ? 0 : own.rfind('/'));
    for (const std::string& directory : {mount.point, mount.point + above, mount.point + own}) {
        if (!can_make_groups_in(directory)) continue;
        const bool has_limits = hands_out(directory, "memory") && hands_out(directory, "pids");
        if (!places.v2.empty() && !has_limits) continue;
        places.v2 = directory;
        places.v2_has_limits = has_limits;
        if (has_limits) return;
    }
}

GroupPlaces find_group_places() {
    GroupPlaces places;
    for (const GroupMount& mount : group_mounts()) {
        if (mount.is_v2) {
            find_v2_place(mount, places);
            continue;
        }
        for (const std::string controller : {"memory", "pids"}) {
            if (mount.options.find("," + controller + ",") == mount.options.npos) continue;
            const std::string directory = mount.point + own_group(controller);
            if (!can_make_groups_in(directory)) continue;
            (controller == "memory" ? places.memory_v1 : places.pids_v1) = directory;
        }
    }
    return places;
}

std::string group_layout() {
    const auto mounts = group_mounts();
    const auto v2 = std::ranges::count(mounts, true, &GroupMount::is_v2);
    if (mounts.empty()) return "none";
    if (v2 == 0) return "v1";
    return v2 == std::ssize(mounts) ? "v2" : "hybrid";
}
