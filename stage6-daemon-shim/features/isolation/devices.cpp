#include "stage6-daemon-shim/features/isolation/devices.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "common/error.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage6-daemon-shim/core/runtime/go_words.hpp"

std::vector<DeviceRule> default_device_rules() {
    // The numbers are of Documentation/admin-guide/devices.txt.
    return {{'c', -1, -1, "m"}, {'b', -1, -1, "m"},  // to make a file is allowed, to open it is not
            {'c', 1, 3},        {'c', 1, 5},         // null, zero
            {'c', 1, 7},        {'c', 1, 8},         // full, random
            {'c', 1, 9},        {'c', 5, 0},         // urandom, tty
            {'c', 5, 1},        {'c', 5, 2},         // console, ptmx
            {'c', 136, -1}};                         // pts/*
}

Json device_rules_json(const std::vector<DeviceRule>& rules) {
    Json list = Json::array({Json::object({{"allow", false}, {"access", "rwm"}})});
    for (const DeviceRule& rule : rules) {
        Json entry = Json::object({{"allow", true}, {"type", std::string(1, rule.type)}});
        if (rule.major >= 0) entry["major"] = rule.major;
        if (rule.minor >= 0) entry["minor"] = rule.minor;
        entry["access"] = rule.access;
        list.push_back(std::move(entry));
    }
    return list;
}

// --- --device -----------------------------------------------------------------------------------

static Json device_entry(const struct stat& status, const std::string& source,
                         const std::string& destination) {
    return Json::object({{"path", destination},
                         {"type", S_ISBLK(status.st_mode) ? "b" : "c"},
                         {"major", ::major(status.st_rdev)},
                         {"minor", ::minor(status.st_rdev)},
                         {"fileMode", status.st_mode & 07777},
                         {"uid", status.st_uid},
                         {"gid", status.st_gid},
                         {"slipway.source", source}});
}

static void add_devices(const std::string& path, const std::string& destination, int depth,
                        std::vector<Json>& found) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == -1) {
        throw Failure{"error gathering device information while adding custom device \"" +
                      printable(path) + "\": " + reason_in_words_of_go(errno)};
    }
    if (S_ISBLK(status.st_mode) || S_ISCHR(status.st_mode)) {
        found.push_back(device_entry(status, path, destination));
        return;
    }
    if (!S_ISDIR(status.st_mode)) {
        if (depth > 0) return;
        throw Failure{"error gathering device information while adding custom device \"" +
                      printable(path) + "\": not a device node"};
    }
    constexpr int depth_max = 8;
    if (depth == depth_max) return;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(path.c_str()), ::closedir};
    if (!directory) throw SystemError{errno, "list", path};
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string name = entry->d_name;
        // File systems of their own, and not devices.
        if (name == "." || name == ".." || name == "pts" || name == "shm" || name == "fd" ||
            name == "mqueue" || name == "console") {
            continue;
        }
        add_devices(path + "/" + name, destination + "/" + name, depth + 1, found);
    }
}

std::vector<Json> devices_for(const std::string& path, const std::string& destination) {
    std::vector<Json> found;
    add_devices(path, destination, 0, found);
    return found;
}

static void make_device(int root, const JsonReader& device) {
    const std::string path = device.get_string("path");
    const auto slash = path.rfind('/');
    const auto number = ::makedev(static_cast<unsigned>(device.get_integer("major")),
                                  static_cast<unsigned>(device.get_integer("minor")));
    const mode_t mode = static_cast<mode_t>(device.get_integer("fileMode", 0666)) |
                        (device.get_string("type") == "b" ? S_IFBLK : S_IFCHR);
    const Fd parent = make_directory_in_root(root, path.substr(0, slash), Links::refused);
    const std::string name = path.substr(slash + 1);
    if (::mknodat(parent.get(), name.c_str(), mode, number) == 0) {
        // mknod(2) takes the umask off.
        check(::fchmodat(parent.get(), name.c_str(), mode & 07777, 0), "chmod", path);
        check(::fchownat(parent.get(), name.c_str(), static_cast<uid_t>(device.get_integer("uid")),
                         static_cast<gid_t>(device.get_integer("gid")), AT_SYMLINK_NOFOLLOW),
              "chown", path);
        return;
    }
    if (errno == EEXIST) return;  // one of those that every container has
    if (errno != EPERM) throw SystemError{errno, "mknod", path};
    // In a user namespace nobody makes devices: the host's own file is mounted there.
    const Fd mount = clone_mount(device.get_string("slipway.source"), false);
    const Fd place = make_file_in_root(root, path, Links::refused);
    attach_mount(mount.get(), place.get(), path);
}

void make_devices(Launch& launch) {
    if (!launch.spec.isolated) return;
    const JsonReader linux_part = JsonReader{launch.spec.document}.get_object("linux");
    for (const JsonReader& device : linux_part.get_objects("devices")) {
        make_device(launch.root.get(), device);
    }
}
