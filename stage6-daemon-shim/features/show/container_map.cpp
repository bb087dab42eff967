#include "stage6-daemon-shim/features/show/container_map.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr std::size_t kIdLettersShown = 12;
static constexpr std::size_t kPlacesShown = 5;
static constexpr std::size_t kCommandLettersShown = 80;

static std::vector<NamespaceView> namespaces_of(pid_t pid) {
    constexpr std::array names = {"pid", "mnt", "uts", "ipc", "net", "cgroup", "user", "time"};
    std::vector<NamespaceView> namespaces;
    for (const char* const name : names) {
        const std::string own = namespace_of(::getpid(), name);
        const std::string link = namespace_of(pid, name);
        if (own.empty() && link.empty()) continue;  // a kernel without it
        namespaces.push_back({name, link, link != own});
    }
    return namespaces;
}

static std::vector<CgroupView> cgroups_by_path(pid_t pid) {
    std::vector<CgroupView> groups;
    for (const CgroupView& one : cgroups_of(pid)) {
        const auto same = std::ranges::find(groups, one.path, &CgroupView::path);
        if (same == groups.end()) {
            groups.push_back(one);
        } else {
            same->controllers += "," + one.controllers;
        }
    }
    return groups;
}

ContainerMap map_container(const Json& inspected, pid_t daemon) {
    const JsonReader container{inspected};
    const JsonReader state = container.get_object("State");
    ContainerMap map;
    map.id = container.get_string("Id");
    map.name = container.get_string("Name");
    if (map.name.starts_with('/')) map.name.erase(0, 1);
    map.image = container.get_object("Config").get_string("Image");
    map.status = state.get_string("Status");
    map.first_process = static_cast<pid_t>(state.get_integer("Pid"));
    if (map.first_process <= 0) {
        throw Failure{"there is no process to draw: the container is " + printable(map.status)};
    }
    const ProcessView first = view_process(map.first_process);
    if (first.pid == 0) {
        throw Failure{"process " + std::to_string(map.first_process) +
                      " is not to be seen in /proc: does the daemon run on another machine?"};
    }
    map.daemon = view_process(daemon);
    map.shim = view_process(first.parent);
    map.processes = descendants_of(first.parent);
    map.namespaces = namespaces_of(first.pid);
    map.cgroups = cgroups_by_path(first.pid);
    map.mounts = mounts_of(first.pid);
    map.descriptors = descriptors_of(first.parent);
    return map;
}

std::string title_of(const ContainerMap& map) {
    return printable(map.name + " (" + map.id.substr(0, kIdLettersShown) + "), image " + map.image +
                     ", " + map.status);
}

std::string shim_text(const ContainerMap& map) {
    if (map.shim.parent == map.daemon.pid) return "child of the daemon";
    const std::string parent = std::to_string(map.shim.parent);
    return "child of " + parent + ": the daemon that started it is gone";
}

std::string process_text(const ProcessView& process) {
    std::string text = std::to_string(process.pid);
    if (process.inner.size() > 1) text += " (inside " + std::to_string(process.inner.back()) + ")";
    const bool is_long = process.command.size() > kCommandLettersShown;
    return text + "  " + printable(process.command.substr(0, kCommandLettersShown)) +
           (is_long ? "..." : "");
}

// The id is long, and the same everywhere.
static std::string with_short_id(std::string text, const std::string& id) {
    for (auto at = text.find(id); at != std::string::npos; at = text.find(id)) {
        text.replace(at, id.size(), id.substr(0, kIdLettersShown) + "...");
    }
    return printable(text);
}

std::vector<std::string> cgroup_lines(const ContainerMap& map) {
    std::vector<std::string> lines;
    for (const CgroupView& group : map.cgroups) {
        lines.push_back(with_short_id(group.path, map.id) + "  " + printable(group.controllers));
    }
    return lines;
}

std::vector<std::string> mount_lines(const ContainerMap& map) {
    std::vector<std::string> types, lines;
    for (const MountView& mount : map.mounts) {
        if (std::ranges::find(types, mount.type) == types.end()) types.push_back(mount.type);
    }
    for (const std::string& type : types) {
        std::string line = type + " ";
        std::size_t count = 0;
        for (const MountView& mount : map.mounts) {
            if (mount.type != type || ++count > kPlacesShown) continue;
            line += " " + mount.place + (mount.is_read_only ? " (read-only)" : "");
        }
        if (count > kPlacesShown) line += " and " + std::to_string(count - kPlacesShown) + " more";
        lines.push_back(with_short_id(line, map.id));
    }
    return lines;
}

std::vector<std::string> descriptor_lines(const ContainerMap& map) {
    std::vector<std::string> lines;
    for (const auto& [number, target] : map.descriptors) {
        lines.push_back(std::to_string(number) + "  " + with_short_id(target, map.id));
    }
    return lines;
}
