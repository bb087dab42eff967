#include "tests/support/case_cgroups.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"

static constexpr auto kSession = "/session";
static constexpr auto kPrefix = "slipway-test-";

// A mounted hierarchy, from /proc/self/mountinfo (proc_pid_mountinfo(5)).
struct Mount {
    std::string root, mount_point;
    std::string controllers;  // ",rw,memory," of version 1; empty for version 2
};

static std::vector<std::string> words_of(const std::string& line) {
    std::istringstream stream{line};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

static std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream{text};
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

static std::vector<Mount> mounted_hierarchies() {
    std::vector<Mount> mounts;
    for (const auto& line : lines_of(read_file("/proc/self/mountinfo"))) {
        const auto words = words_of(line);
        const auto dash = std::ranges::find(words, "-") - words.begin();
        const auto type = words.at(static_cast<std::size_t>(dash) + 1);
        if (type != "cgroup" && type != "cgroup2") continue;
        std::string controllers;
        if (type == "cgroup") controllers = "," + words.back() + ",";
        mounts.push_back({words[3], words[4], controllers});
    }
    return mounts;
}

std::string cgroup_layout() {
    const auto mounts = mounted_hierarchies();
    const auto is_version2 = [](const Mount& mount) { return mount.controllers.empty(); };
    if (std::ranges::none_of(mounts, is_version2)) return "v1";
    return std::ranges::all_of(mounts, is_version2) ? "v2" : "hybrid";
}

// The directory of our own group in a hierarchy; empty when it is outside what is mounted.
static std::string own_group(const Mount& mount) {
    for (const auto& line : lines_of(read_file("/proc/self/cgroup"))) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const bool same =
            mount.controllers.empty()
                ? line.starts_with("0:")
                : !controllers.empty() &&
                      mount.controllers.find("," + controllers + ",") != std::string::npos;
        if (!same) continue;
        std::string path = line.substr(second + 1);
        if (mount.root != "/") {
            if (!path.starts_with(mount.root)) return {};
            path.erase(0, mount.root.size());
        }
        return path == "/" ? mount.mount_point : mount.mount_point + path;
    }
    return {};
}

static bool try_write(const std::string& path, std::string_view text) {
    try {
        write_control_file(path, text);
        return true;
    } catch (const SystemError&) {
        return false;
    }
}

static bool try_enter(const std::string& directory, bool is_version2) {
    // The whole process for version 2; for version 1 our only thread, which waits for nobody.
    return try_write(directory + (is_version2 ? "/cgroup.procs" : "/tasks"), "0");
}

static std::vector<std::string> wanted_controllers(const std::string& directory) {
    std::vector<std::string> wanted;
    for (const auto& name : words_of(read_file(directory + "/cgroup.controllers"))) {
        if (name == "memory" || name == "cpu" || name == "pids") wanted.push_back(name);
    }
    return wanted;
}

static bool enable(const std::string& directory, const std::vector<std::string>& controllers) {
    return std::ranges::all_of(controllers, [&](const std::string& name) {
        return try_write(directory + "/cgroup.subtree_control", "+" + name);
    });
}

// With others in our group, as in a login session, the first group above that has none will do.
void CgroupPlaces::prepare_version2(CgroupPlace& place, const std::string& mount_point) {
    const auto wanted = wanted_controllers(place.directory);
    if (wanted.empty() || enable(place.directory, wanted)) return;
    const std::string leaf =
        place.directory + "/" + kPrefix + std::to_string(::getpid()) + "-runner";
    if (::mkdir(leaf.c_str(), 0755) == 0 && try_enter(leaf, true)) {
        leaf_ = leaf;
        if (enable(place.directory, wanted)) {
            enabled_ = wanted;
            place.home = leaf;
            return;
        }
        try_enter(place.directory, true);
        leaf_.clear();
    }
    ::rmdir(leaf.c_str());
    while (place.directory.size() > mount_point.size()) {
        place.directory.erase(place.directory.rfind('/'));
        if (enable(place.directory, wanted)) return;
    }
    place.directory = place.home;
}

// Whether a group can be made there, entered and left: being root is not enough in a container.
static bool is_usable(const CgroupPlace& place) {
    const std::string trial = place.directory + "/" + kPrefix + std::to_string(::getpid()) + "-0";
    if (::mkdir(trial.c_str(), 0755) != 0) return false;
    const bool entered = try_enter(trial, place.is_version2);
    const bool left = entered && try_enter(place.home, place.is_version2);
    return ::rmdir(trial.c_str()) == 0 && left;
}

CgroupPlaces::CgroupPlaces() {
    static constexpr std::array used{",memory,", ",cpu,", ",pids,", ",freezer,"};
    for (const Mount& mount : mounted_hierarchies()) {
        const bool is_version2 = mount.controllers.empty();
        const bool is_used = is_version2 || std::ranges::any_of(used, [&](const char* controller) {
                                 return mount.controllers.find(controller) != std::string::npos;
                             });
        const std::string directory = is_used ? own_group(mount) : "";
        if (directory.empty() || ::access(directory.c_str(), W_OK) != 0) continue;
        CgroupPlace place{directory, directory, is_version2};
        if (::geteuid() != 0) {  // no groups for cases then: only to look for what is left
            places_.push_back(place);
            continue;
        }
        if (is_version2) prepare_version2(place, mount.mount_point);
        if (is_usable(place)) places_.push_back(place);
    }
}

CgroupPlaces::~CgroupPlaces() {
    if (leaf_.empty()) return;
    const std::string directory = leaf_.substr(0, leaf_.rfind('/'));
    for (const auto& name : enabled_) try_write(directory + "/cgroup.subtree_control", "-" + name);
    try_enter(directory, true);
    ::rmdir(leaf_.c_str());
}

static void add_groups_below(const std::string& directory, std::vector<std::string>& groups) {
    std::error_code gone;  // a group may be removed while we look
    for (std::filesystem::directory_iterator entry{directory, gone}, end; !gone && entry != end;
         entry.increment(gone)) {
        if (!entry->is_directory(gone)) continue;
        add_groups_below(entry->path(), groups);
        groups.push_back(entry->path());  // after those below it: the order of removal
    }
}

std::vector<std::string> CgroupPlaces::groups_of_engine() const {
    std::vector<std::string> groups;
    for (const auto& place : places_) {
        for (const auto* name : {"/slipway", "/orchestrator"}) {
            add_groups_below(place.directory + name, groups);
        }
    }
    return groups;
}

CaseCgroups::CaseCgroups(const std::vector<CgroupPlace>& places, const std::string& name)
    : CaseCgroups{} {  // constructed from here on: the destructor runs even when the rest throws
    for (const auto& place : places) {
        const Group group{place.directory + "/" + name, place};
        check(::mkdir(group.directory.c_str(), 0755), "mkdir", group.directory);
        groups_.push_back(group);
        std::string own = group.directory;
        if (place.is_version2) {
            // As in a login session: our group is a leaf, and the one above it may divide.
            enable(group.directory, wanted_controllers(group.directory));
            own += kSession;
            check(::mkdir(own.c_str(), 0755), "mkdir", own);
        }
        if (!try_enter(own, place.is_version2)) throw Failure{"cannot enter " + own};
    }
}

std::vector<std::string> CaseCgroups::left_behind() const {
    std::vector<std::string> found;
    for (const auto& group : groups_) {
        add_groups_below(group.directory, found);
        if (group.place.is_version2) std::erase(found, group.directory + kSession);
    }
    return found;
}

void CaseCgroups::thaw() const {
    std::vector<std::string> all;
    for (const auto& group : groups_) {
        add_groups_below(group.directory, all);
        all.push_back(group.directory);
    }
    for (const auto& directory : all) {
        if (file_exists(directory + "/freezer.state")) {
            try_write(directory + "/freezer.state", "THAWED");
        }
        if (file_exists(directory + "/cgroup.freeze")) try_write(directory + "/cgroup.freeze", "0");
    }
}

CaseCgroups::~CaseCgroups() {
    for (const auto& group : groups_) {
        try_enter(group.place.home, group.place.is_version2);
        std::vector<std::string> all;
        add_groups_below(group.directory, all);
        all.push_back(group.directory);
        for (const auto& directory : all) {
            // The kernel counts a process out some moments after it was reaped.
            for (int i = 0; i < 1000 && ::rmdir(directory.c_str()) != 0 && errno == EBUSY; ++i) {
                ::poll(nullptr, 0, 10);
            }
        }
    }
}
