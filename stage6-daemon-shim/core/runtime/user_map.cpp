#include "stage6-daemon-shim/core/runtime/user_map.hpp"

#include <fcntl.h>
#include <fts.h>
#include <grp.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage3-namespaces/child_report.hpp"
#include "stage3-namespaces/namespaces.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage6-daemon-shim/core/runtime/propagation.hpp"
#include "stage6-daemon-shim/core/runtime/steps.hpp"

// --- the namespace ------------------------------------------------------------------------------

void write_user_map(pid_t child, const UserMapSpec& map) {
    const std::string directory = "/proc/" + std::to_string(child);
    const auto line = [&](std::uint32_t outside) {
        return "0 " + std::to_string(outside) + " " + std::to_string(map.size);
    };
    write_control_file(directory + "/uid_map", line(map.uid));
    write_control_file(directory + "/gid_map", line(map.gid));
}

void become_mapped_root() {
    check(::setgroups(0, nullptr), "setgroups");
    check(::setresgid(0, 0, 0), "setresgid", "0");
    check(::setresuid(0, 0, 0), "setresuid", "0");
}

[[noreturn]] static void hold_namespace(ChildReport& report) noexcept {
    try {
        report.wait_for_parent();
        while (true) ::pause();
    } catch (const std::exception& error) {
        report.give_up(error);
    }
}

// A user namespace with this map. A descriptor of it is all that the kernel wants to know a map by.
static Fd open_user_namespace(const UserMapSpec& map) {
    ChildReport report;
    const pid_t pid = fork_into_namespaces(CLONE_NEWUSER);
    if (pid == 0) hold_namespace(report);
    const Child child{pid};
    write_user_map(pid, map);
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/user";
    return Fd{check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open", path)};
}

// --- mounts -------------------------------------------------------------------------------------

static Fd open_layer(const std::string& path, int user_namespace) {
    Fd layer = clone_mount(path, false);
    mount_attr change{};
    change.attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
    change.userns_fd = static_cast<std::uint64_t>(user_namespace);
    if (::mount_setattr(layer.get(), "", AT_EMPTY_PATH, &change, sizeof change) == -1) {
        throw SystemError{errno, "map the owners of", path,
                          errno == EINVAL ? "its file system cannot do that" : ""};
    }
    return layer;
}

static std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

static Fd open_below(const Fd& mount, const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    return open_in_root(mount.get(), name, O_PATH | O_DIRECTORY, Links::refused);
}

static Fd open_bind(const MountSpec& mount) {
    if (mount.type != "bind") return {};
    if (propagates(mount)) return open_propagating(mount);
    Fd opened = clone_mount(mount.source);
    // It is still the host's: who mounts in the container would else mount on the host.
    make_private(opened.get(), mount.destination);
    if (is_read_only(mount)) {
        set_mount_attributes(opened.get(), MOUNT_ATTR_RDONLY, true, mount.destination);
    }
    return opened;
}

OutsideMounts open_outside(const Spec& spec) {
    OutsideMounts outside;
    if (spec.user_map.size == 0) return outside;
    const OverlaySpec& overlay = spec.overlay;
    if (overlay.lower.empty()) {
        outside.root = clone_mount(spec.root_path);
        set_mount_attributes(outside.root.get(), MOUNT_ATTR_NODEV, false, spec.root_path);
    } else {
        const Fd user_namespace = open_user_namespace(spec.user_map);
        for (const auto& path : overlay.lower) {
            outside.layers.push_back(open_layer(path, user_namespace.get()));
        }
        outside.writable = clone_mount(parent_of(overlay.upper), false);
        outside.upper = open_below(outside.writable, overlay.upper);
        outside.work = open_below(outside.writable, overlay.work);
        outside.is_volatile = overlay.is_volatile;
    }
    for (const MountSpec& mount : spec.mounts) outside.binds.push_back(open_bind(mount));
    return outside;
}

static std::string own_path(const Fd& file) {
    return "/proc/self/fd/" + std::to_string(file.get());
}

static void detach(const Fd& mount) {
    check(::umount2(own_path(mount).c_str(), MNT_DETACH), "unmount", "a layer");
}

Fd attach_outside_root(const OutsideMounts& outside) {
    // Any place will do that everybody can reach: these are found by their descriptors.
    const Fd place{check(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "open", "/")};
    if (outside.root) {
        attach_mount(outside.root.get(), place.get(), "/");
        return Fd{check(::fcntl(outside.root.get(), F_DUPFD_CLOEXEC, 0), "duplicate", "the root")};
    }
    // An overlay takes only layers that are mounted in the namespace of who makes it.
    OverlaySpec overlay{{}, own_path(outside.upper), own_path(outside.work), outside.is_volatile};
    for (const Fd& layer : outside.layers) {
        attach_mount(layer.get(), place.get(), "a layer");
        overlay.lower.push_back(own_path(layer));
    }
    attach_mount(outside.writable.get(), place.get(), "the writable layer");
    Fd root = new_overlay(overlay, true);
    // It has copies of its own now. What stayed on / would lie over the old root, and be unmounted
    // in its place.
    detach(outside.writable);
    for (const Fd& layer : outside.layers) detach(layer);
    attach_mount(root.get(), place.get(), "/");
    return root;
}

// --- owners -------------------------------------------------------------------------------------

// chown(2) takes the set-id bits of a file away.
static void shift(const FTSENT& entry, const UserMapSpec& map) {
    const struct stat& status = *entry.fts_statp;
    if (status.st_uid >= map.size || status.st_gid >= map.size) return;
    const uid_t uid = map.uid + status.st_uid;
    const gid_t gid = map.gid + status.st_gid;
    check(::lchown(entry.fts_accpath, uid, gid), "chown", entry.fts_path);
    if ((status.st_mode & (S_ISUID | S_ISGID)) != 0 && !S_ISLNK(status.st_mode)) {
        check(::chmod(entry.fts_accpath, status.st_mode & 07777), "chmod", entry.fts_path);
    }
}

// A directory after what is in it: where this is cut off, the next start goes on.
static void shift_tree(const std::string& path, const UserMapSpec& map) {
    struct stat status {};
    check(::lstat(path.c_str(), &status), "stat", path);
    if (status.st_uid >= kMappedIdMin) return;
    std::string name = path;
    char* const names[] = {name.data(), nullptr};
    const std::unique_ptr<FTS, int (*)(FTS*)> tree{
        ::fts_open(names, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, nullptr), ::fts_close};
    if (!tree) throw SystemError{errno, "list", path};
    while (const FTSENT* entry = ::fts_read(tree.get())) {
        if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR) {
            throw SystemError{entry->fts_errno, "list", entry->fts_path};
        }
        if (entry->fts_info != FTS_D) shift(*entry, map);
    }
}

void hand_over_root(const Spec& spec) {
    const UserMapSpec& map = spec.user_map;
    if (map.size == 0) return;
    if (spec.overlay.lower.empty()) return shift_tree(spec.root_path, map);
    for (const std::string& path : {spec.overlay.upper, spec.overlay.work}) {
        check(::chown(path.c_str(), map.uid, map.gid), "chown", path);
    }
}
