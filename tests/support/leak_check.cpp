#include "tests/support/leak_check.hpp"

#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/case.hpp"

// Mounts and interfaces are the kernel's to refuse to an ordinary user (capabilities(7)). Those of
// the host come and go under his eyes all the same, where an engine is at work.
static bool can_change_mounts_and_interfaces() {
    return ::geteuid() == 0;
}

// Fields 4 to 6 (root, mount point, options) and what follows the dash (proc_pid_mountinfo(5)).
std::set<std::string> mounts_now() {
    std::set<std::string> mounts;
    if (!can_change_mounts_and_interfaces()) return mounts;
    std::istringstream text{read_file("/proc/self/mountinfo")};
    for (std::string line; std::getline(text, line);) {
        std::istringstream words{line};
        std::string id, parent, device, root, mount_point, options;
        words >> id >> parent >> device >> root >> mount_point >> options;
        mounts.insert(mount_point + " (" + root + " of " + device + ", " + options +
                      line.substr(line.find(" - ")) + ")");
    }
    return mounts;
}

std::set<std::string> network_interfaces_now() {
    std::set<std::string> names;
    if (!can_change_mounts_and_interfaces()) return names;
    std::istringstream text{read_file("/proc/self/net/dev")};
    for (std::string line; std::getline(text, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;  // the two lines of heading
        const auto start = line.find_first_not_of(' ');
        names.insert(line.substr(start, colon - start));
    }
    return names;
}

static void compare(const std::set<std::string>& before, const std::set<std::string>& after,
                    const std::string& what, std::vector<std::string>& sentences) {
    for (const auto& one : after) {
        if (!before.contains(one)) sentences.push_back(what + " left behind: " + one);
    }
    for (const auto& one : before) {
        if (!after.contains(one)) sentences.push_back(what + " of the host is gone: " + one);
    }
}

// Whoever removes the directory of a mount point takes the mount out of every other namespace
// (rmdir(2) since Linux 3.14, mount_namespaces(7)). So an engine of this machine may take a mount
// out of the namespace of a case; the case itself would have left the directory there.
static void forget_removed_mount_points(std::set<std::string>& mounts) {
    std::erase_if(mounts, [](const std::string& mount) {
        const std::string point = mount.substr(0, mount.find(" ("));
        return ::access(point.c_str(), F_OK) == -1 && errno == ENOENT;
    });
}

std::vector<std::string> differences(Snapshot before, const Snapshot& after) {
    std::vector<std::string> sentences;
    forget_removed_mount_points(before.mounts);
    compare(before.mounts, after.mounts, "mount", sentences);
    compare(before.interfaces, after.interfaces, "network interface", sentences);
    compare(before.cgroups, after.cgroups, "cgroup", sentences);
    return sentences;
}

std::vector<std::string> files_left_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        const std::string name = entry.path().filename();
        if (!name.starts_with(kHandedOut)) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
}

static std::string command_line_of(const std::string& process) {
    std::string text = read_file(process + "/cmdline");
    if (text.empty()) text = read_file(process + "/comm");  // a thread of the kernel
    std::ranges::replace(text, '\0', ' ');
    return printable(text.substr(0, text.find_last_not_of(" \n") + 1));
}

std::vector<LivingProcess> living_descendants_of(pid_t process) {
    std::multimap<pid_t, pid_t> by_parent;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        try {
            // "PID (NAME) STATE PARENT ...", and NAME may hold anything.
            const std::string status = read_file(entry.path().string() + "/stat");
            std::istringstream words{status.substr(status.rfind(')') + 1)};
            std::string state;
            pid_t parent = 0;
            words >> state >> parent;
            if (state == "Z" || state == "X") continue;
            by_parent.emplace(parent, std::atoi(name.c_str()));
        } catch (const SystemError&) {
            continue;  // it has ended meanwhile
        }
    }
    std::vector<LivingProcess> found;
    std::vector<pid_t> parents{process};
    while (!parents.empty()) {
        const auto [first, last] = by_parent.equal_range(parents.back());
        parents.pop_back();
        for (auto child = first; child != last; ++child) {
            parents.push_back(child->second);
            try {
                const std::string directory = "/proc/" + std::to_string(child->second);
                found.push_back({child->second, command_line_of(directory)});
            } catch (const SystemError&) {
                continue;  // it has ended meanwhile
            }
        }
    }
    return found;
}

std::vector<LivingProcess> living_descendants() {
    return living_descendants_of(::getpid());
}

// "PID (NAME) STATE PARENT GROUP SESSION TERMINAL FOREGROUND FLAGS ..." (proc_pid_stat(5)), where
// bit 2 of the flags says that it is exiting; and "SigPnd:" and "ShdPnd:", in hexadecimal, of
// proc_pid_status(5).
static bool is_busy(pid_t pid) {
    static constexpr unsigned long kExiting = 4, kKilled = 1ul << (SIGKILL - 1);
    const std::string process = "/proc/" + std::to_string(pid);
    try {
        const std::string numbers = read_file(process + "/stat");
        std::istringstream words{numbers.substr(numbers.rfind(')') + 1)};
        std::string state, ignored;
        unsigned long flags = 0;
        words >> state >> ignored >> ignored >> ignored >> ignored >> ignored >> flags;
        if (state == "R" || state == "D" || (flags & kExiting) != 0) return true;
        std::istringstream lines{read_file(process + "/status")};
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with("SigPnd:") && !line.starts_with("ShdPnd:")) continue;
            if ((std::stoul(line.substr(7), nullptr, 16) & kKilled) != 0) return true;
        }
        return false;
    } catch (const SystemError&) {
        return true;  // it has ended meanwhile
    }
}

bool is_any_busy(const std::vector<LivingProcess>& processes) {
    return std::ranges::any_of(processes, [](const auto& process) { return is_busy(process.pid); });
}

std::string hint_about_leak(const std::string& sentence) {
    static constexpr std::pair<std::string_view, std::string_view> kHints[] = {
        {"process left behind",
         "all else was right, but when your program had ended something that it had started lived "
         "on: kill it and wait for it, also after an error and when a signal ends you"},
        {"cgroup left behind",
         "all else was right, but a group is still there: rmdir it when its last process is waited "
         "for, also when the start fails or a signal ends you"},
        {"mount left behind",
         "all else was right, but a mount is seen outside of the container: before the first one "
         "make / private, with MS_REC | MS_PRIVATE"},
        {"network interface left behind",
         "all else was right, but an interface is still there: it goes with its namespace"},
        {"file left behind",
         "all else was right, but not all that was made in $TMPDIR is removed: do it when the "
         "command has ended, also after an error and when a signal ends you"},
    };
    for (const auto& [beginning, text] : kHints) {
        if (sentence.starts_with(beginning)) return std::string{text};
    }
    return {};
}

std::map<int, std::string> open_descriptors() {
    std::map<int, std::string> descriptors;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        std::error_code gone;
        const std::string target = std::filesystem::read_symlink(entry.path(), gone);
        // One of them is the directory that we are reading.
        if (gone || target.ends_with("/" + std::to_string(::getpid()) + "/fd")) continue;
        descriptors[std::atoi(entry.path().filename().c_str())] = target;
    }
    return descriptors;
}

static std::vector<std::string> mount_points_below(const std::string& directory) {
    std::vector<std::string> points;
    for (const std::string& mount : mounts_now()) {
        const std::string point = mount.substr(0, mount.find(" ("));
        if (point == directory || point.starts_with(directory + "/")) points.push_back(point);
    }
    return points;
}

std::string remove_directory(const std::string& directory) {
    for (const auto& point : mount_points_below(directory)) {
        ::umount2(point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    }
    if (!mount_points_below(directory).empty()) {
        return "not removed, something is mounted in " + directory;
    }
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error) {  // as an ordinary user: directories that even their owner may not search
        for (std::filesystem::recursive_directory_iterator
                 entry{directory, std::filesystem::directory_options::skip_permission_denied,
                       error},
             end;
             !error && entry != end; entry.increment(error)) {
            std::error_code ignored;
            if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
                std::filesystem::permissions(entry->path(), std::filesystem::perms::owner_all,
                                             ignored);
            }
        }
        std::filesystem::remove_all(directory, error);
    }
    return error ? "not removed: " + directory + ": " + error.message() : "";
}
