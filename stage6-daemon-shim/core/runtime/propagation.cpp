#include "stage6-daemon-shim/core/runtime/propagation.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "stage6-daemon-shim/core/runtime/steps.hpp"

static bool has_option(const MountSpec& mount, const char* plain, const char* recursive) {
    return std::ranges::any_of(
        mount.options, [&](const auto& option) { return option == plain || option == recursive; });
}

static bool is_slave(const MountSpec& mount) {
    return has_option(mount, "slave", "rslave");
}

bool propagates(const MountSpec& mount) {
    return mount.type == "bind" && (is_slave(mount) || has_option(mount, "shared", "rshared"));
}

// A line of /proc/self/mountinfo (proc(5)): number, parent, device, root, place, options, then
// words such as "shared:12" or "master:12" up to a dash.
struct MountLine {
    std::string place;
    bool shared = false, slave = false;
};

static MountLine parse_mount_line(const std::vector<std::string>& words) {
    constexpr std::size_t place = 4, first_optional = 6;
    MountLine mount{words.at(place)};
    for (std::size_t i = first_optional; i < words.size() && words[i] != "-"; ++i) {
        mount.shared = mount.shared || words[i].starts_with("shared:");
        mount.slave = mount.slave || words[i].starts_with("master:");
    }
    return mount;
}

static MountLine find_mount(const std::string& path) {
    struct statx status {};
    check(::statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID, &status), "statx", path);
    const std::string number = std::to_string(status.stx_mnt_id);
    for (const auto& line : words_of(read_file("/proc/self/mountinfo"), "\n")) {
        if (line.starts_with(number + " ")) return parse_mount_line(words_of(line));
    }
    throw Failure{"could not find the mount of " + path};
}

static void set_propagation(int mount, std::uint64_t kind, const std::string& name) {
    mount_attr change{};
    change.propagation = kind;
    check(::mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change),
          "mount_setattr", name);
}

Fd open_propagating(const MountSpec& mount) {
    const MountLine source = find_mount(mount.source);
    if (!source.shared && !(is_slave(mount) && source.slave)) {
        throw Failure{"path " + printable(mount.source) + " is mounted on " +
                      printable(source.place) + " but it is not a shared " +
                      (is_slave(mount) ? "or slave " : "") + "mount"};
    }
    Fd copy = clone_mount(mount.source);
    if (is_slave(mount)) set_propagation(copy.get(), MS_SLAVE, mount.destination);
    if (is_read_only(mount)) {
        set_mount_attributes(copy.get(), MOUNT_ATTR_RDONLY, true, mount.destination);
    }
    return copy;
}

void make_private(int mount, const std::string& name) {
    set_propagation(mount, MS_PRIVATE, name);
}
