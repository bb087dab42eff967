#include <fcntl.h>
#include <sys/mount.h>

#include "common/error.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage5-cgroups/cgroup.hpp"

static constexpr unsigned kReadOnly =
    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

static void mount_hierarchy(const Hierarchy& hierarchy, int target) {
    std::vector<MountOption> options;
    for (const auto& controller : hierarchy.controllers) {
        if (!hierarchy.is_v2) options.push_back({controller.c_str()});
    }
    const Fd mount = new_file_system(hierarchy.is_v2 ? "cgroup2" : "cgroup", options, kReadOnly);
    attach_mount(mount.get(), target, hierarchy.mount_point);
}

void Cgroup::mount_in(int root) const {
    if (groups_.empty()) return;
    const Fd place = open_in_root(root, "/sys/fs/cgroup", O_PATH | O_DIRECTORY, Links::refused);
    if (hierarchies_.size() == 1 && hierarchies_[0].is_v2) {
        return mount_hierarchy(hierarchies_[0], place.get());
    }
    // Version 1: a directory for each tree, as on the host, for those that we use.
    const MountOption options[] = {{"mode", "0755"}};
    const Fd top = new_file_system("tmpfs", options, kReadOnly & ~unsigned{MOUNT_ATTR_RDONLY});
    attach_mount(top.get(), place.get(), "/sys/fs/cgroup");
    for (const Group& group : groups_) {
        const std::string& path = group.hierarchy->mount_point;
        const Fd target =
            make_directory_in_root(top.get(), path.substr(path.rfind('/') + 1), Links::refused);
        mount_hierarchy(*group.hierarchy, target.get());
    }
    set_mount_attributes(top.get(), MOUNT_ATTR_RDONLY, false, "/sys/fs/cgroup");
}
