// /proc/self/mountinfo and /proc/self/cgroup: a path comes out as it was, however the kernel had to
// write it; of any text each hierarchy comes once, and our group is below its mount.
#include "stage5-cgroups/hierarchies.hpp"
#include "tests/fuzz/fuzz.hpp"

// As seq_path(9) does it.
static std::string mangled(std::string_view path) {
    std::string text;
    for (const char letter : path) {
        if (std::string_view{" \t\n\\"}.find(letter) == std::string_view::npos) {
            text += letter;
        } else {
            const int code = static_cast<unsigned char>(letter);
            text += '\\';
            for (const int shift : {6, 3, 0}) text += static_cast<char>('0' + (code >> shift & 7));
        }
    }
    return text;
}

static void check_any(std::string_view mountinfo, std::string_view groups) {
    const auto all = parse_hierarchies(mountinfo, groups);
    for (const Hierarchy& one : all) {
        std::string mount = one.mount_point;
        while (mount.ends_with('/')) mount.pop_back();
        hold(one.own_group.starts_with(mount), "our group is below the mount");
        hold(!one.own_group.ends_with('/'), "a group's path has no slash behind it");
        int same = 0;
        for (const Hierarchy& other : all) {
            same += other.is_v2 == one.is_v2 && other.controllers == one.controllers;
        }
        hold(same == 1, "each hierarchy comes once");
    }
}

static void check_round_trip(std::string_view place, std::string_view group, bool is_v2) {
    if ((std::string{place} + std::string{group}).find('\0') != std::string::npos) return;
    if (group.find('\n') != std::string_view::npos || group.starts_with("..")) return;
    const std::string mount = "/sys/" + std::string{place} + "x";
    const std::string line = "31 25 0:27 / " + mangled(mount) + " rw,nosuid shared:9 - " +
                             (is_v2 ? "cgroup2 cgroup2 rw" : "cgroup cgroup rw,cpu,cpuacct") + "\n";
    std::string path = "/" + std::string{group};
    const auto all = parse_hierarchies("25 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + line,
                                       "7:name=x:/\n4:cpu,cpuacct:" + path + "\n0::" + path + "\n");
    while (path.ends_with('/')) path.pop_back();
    hold(all.size() == 1 && all[0].is_v2 == is_v2, "the hierarchy is found");
    hold(all[0].mount_point == mount, "a mount's path comes out as it was");
    hold(all[0].own_group == mount + path, "our group's too");
    hold(is_v2 || (all[0].has("cpu") && !all[0].has("cpu,cpuacct")), "controllers are words");
}

void check_input(std::string_view input) {
    Choices choices{input};
    const bool is_v2 = choices.byte() % 2 == 0;
    const std::string_view first = choices.until('\0');
    check_any(first, input);
    check_round_trip(first.substr(0, 200), input.substr(0, 200), is_v2);
}
