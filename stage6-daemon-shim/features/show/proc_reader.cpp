#include "stage6-daemon-shim/features/show/proc_reader.hpp"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"

static std::string proc_path(pid_t pid, const std::string& name) {
    return "/proc/" + std::to_string(pid) + "/" + name;
}

static std::string read_or_nothing(const std::string& path) try {
    return read_file(path);
} catch (const SystemError&) {
    return {};
}

static std::string link_or_nothing(const std::string& path) {
    char target[PATH_MAX];
    const auto length = ::readlink(path.c_str(), target, sizeof target);
    return length <= 0 ? std::string{} : std::string{target, static_cast<std::size_t>(length)};
}

// The names in a directory that are numbers, in order.
static std::vector<int> numbers_in(const std::string& path) {
    struct CloseDirectory {
        void operator()(DIR* directory) const { ::closedir(directory); }
    };
    const std::unique_ptr<DIR, CloseDirectory> directory{::opendir(path.c_str())};
    std::vector<int> numbers;
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
        const std::string name{entry->d_name};
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        numbers.push_back(std::stoi(name));
    }
    std::ranges::sort(numbers);
    return numbers;
}

static std::vector<pid_t> numbers_of_line(const std::string& status, const std::string& name) {
    const auto at = status.find("\n" + name + ":");
    std::vector<pid_t> numbers;
    if (at == std::string::npos) return numbers;
    const auto begin = at + name.size() + 2;
    std::istringstream line{status.substr(begin, status.find('\n', begin) - begin)};
    for (pid_t number = 0; line >> number;) numbers.push_back(number);
    return numbers;
}

ProcessView view_process(pid_t pid) {
    const std::string status = "\n" + read_or_nothing(proc_path(pid, "status"));
    const auto parent = numbers_of_line(status, "PPid");
    if (parent.empty()) return {};
    ProcessView view{pid, parent[0], numbers_of_line(status, "NSpid"), {}};
    view.command = read_or_nothing(proc_path(pid, "cmdline"));
    while (view.command.ends_with('\0')) view.command.pop_back();
    std::ranges::replace(view.command, '\0', ' ');
    if (!view.command.empty()) return view;
    const auto name = status.find("\nName:\t") + 7;
    view.command = "[" + status.substr(name, status.find('\n', name) - name) + "]";
    return view;
}

static void add_children(const std::vector<ProcessView>& all, pid_t parent, unsigned depth,
                         std::vector<ProcessView>& found) {
    for (const ProcessView& process : all) {
        // A process that ended and one that took its number could make a ring.
        if (process.parent != parent || found.size() >= all.size()) continue;
        found.push_back(process);
        found.back().depth = depth;
        add_children(all, process.pid, depth + 1, found);
    }
}

std::vector<ProcessView> descendants_of(pid_t pid) {
    std::vector<ProcessView> all, found;
    for (const int number : numbers_in("/proc")) {
        const ProcessView view = view_process(number);
        if (view.pid != 0) all.push_back(view);
    }
    add_children(all, pid, 0, found);
    return found;
}

std::string namespace_of(pid_t pid, const std::string& name) {
    return link_or_nothing(proc_path(pid, "ns/" + name));
}

std::vector<CgroupView> cgroups_of(pid_t pid) {
    std::vector<CgroupView> groups;
    std::istringstream lines{read_or_nothing(proc_path(pid, "cgroup"))};
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string names = line.substr(first + 1, second - first - 1);
        groups.push_back({names.empty() ? "v2" : names, line.substr(second + 1)});
    }
    return groups;
}

// "36 35 98:0 /root /place rw,noatime shared:1 - ext4 /dev/sda rw"
std::vector<MountView> mounts_of(pid_t pid) {
    std::vector<MountView> mounts;
    std::istringstream lines{read_or_nothing(proc_path(pid, "mountinfo"))};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words{line};
        std::string skipped, place, options, type;
        words >> skipped >> skipped >> skipped >> skipped >> place >> options;
        while (words >> skipped && skipped != "-") {
        }
        words >> type;
        mounts.push_back({place, type, options.starts_with("ro")});
    }
    return mounts;
}

std::vector<DescriptorView> descriptors_of(pid_t pid) {
    std::vector<DescriptorView> descriptors;
    for (const int number : numbers_in(proc_path(pid, "fd"))) {
        descriptors.push_back(
            {number, link_or_nothing(proc_path(pid, "fd/" + std::to_string(number)))});
    }
    return descriptors;
}
