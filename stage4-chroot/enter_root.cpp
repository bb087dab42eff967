#include "stage4-chroot/enter_root.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/error.hpp"
#include "stage4-chroot/device_files.hpp"
#include "stage4-chroot/resolve_in_root.hpp"

static constexpr unsigned kNoExec = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

Fd attach_root(const std::string& rootfs) {
    const Fd directory{
        check(::open(rootfs.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open the root", rootfs)};
    Fd root = clone_mount(rootfs);
    // A device file in somebody's root opens a disk; the devices that are needed come from us.
    set_mount_attributes(root.get(), MOUNT_ATTR_NODEV, false, rootfs);
    attach_mount(root.get(), directory.get(), rootfs);
    return root;
}

static void mount_new(int root, const char* type, const std::string& path,
                      std::span<const MountOption> options, unsigned attributes) {
    const Fd mount = new_file_system(type, options, attributes);
    const Fd target = make_directory_in_root(root, path, Links::refused);
    attach_mount(mount.get(), target.get(), path);
}

static void bind(int root, const std::string& source, const std::string& path,
                 unsigned attributes) {
    const Fd mount = clone_mount(source);
    set_mount_attributes(mount.get(), attributes, true, path);
    const Fd target = make_directory_in_root(root, path, Links::refused);
    attach_mount(mount.get(), target.get(), path);
}

static void mount_devices(int root) {
    const MountOption dev_options[] = {{"mode", "0755"}, {"size", "64m"}};
    const Fd dev = new_file_system("tmpfs", dev_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    const Fd target = make_directory_in_root(root, "/dev", Links::refused);
    attach_mount(dev.get(), target.get(), "/dev");
    make_device_files(dev.get());

    const MountOption pts_options[] = {
        {"newinstance"}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}};
    try {
        mount_new(root, "devpts", "/dev/pts", pts_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    } catch (const SystemError& error) {
        if (error.error() != EINVAL) throw;
        // Group 5, tty, does not exist in a user namespace that maps one group alone.
        mount_new(root, "devpts", "/dev/pts", std::span{pts_options}.first(3),
                  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    }
    const MountOption shm_options[] = {{"mode", "1777"}, {"size", "64m"}};
    mount_new(root, "tmpfs", "/dev/shm", shm_options, kNoExec);
}

void mount_system_directories(int root, const RootContext& context) {
    // The modes of device files and mount points are meant as they are written.
    const mode_t umask_before = ::umask(0);
    if (context.own_pids) {
        mount_new(root, "proc", "/proc", {}, kNoExec);
    } else {
        bind(root, "/proc", "/proc", kNoExec);
    }
    // In a user namespace only the owner of a network namespace may mount a sysfs of it.
    if (context.own_network) {
        mount_new(root, "sysfs", "/sys", {}, kNoExec | MOUNT_ATTR_RDONLY);
    } else {
        bind(root, "/sys", "/sys", kNoExec | MOUNT_ATTR_RDONLY);
    }
    mount_devices(root);
    if (context.own_ipc) mount_new(root, "mqueue", "/dev/mqueue", {}, kNoExec);
    const MountOption tmp_options[] = {{"mode", "1777"}};
    if (context.memory_tmp) {
        mount_new(root, "tmpfs", "/tmp", tmp_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    }
    ::umask(umask_before);
}

void make_root_read_only(int root) {
    set_mount_attributes(root, MOUNT_ATTR_RDONLY, false, "/");
}

void enter_by_pivot_root(int root) {
    check(::fchdir(root), "chdir to", "the new root");
    // With "." twice the old root lands on top of the new one, and no directory is needed to hold
    // it (pivot_root(2), NOTES). Then the top one is taken off.
    if (::syscall(SYS_pivot_root, ".", ".") == -1) {
        throw SystemError{
            errno, "pivot_root", "to the new root",
            errno == EINVAL ? "/ is an initramfs, or mounted shared: try --chroot" : ""};
    }
    check(::umount2(".", MNT_DETACH), "unmount", "the old root");
    check(::chdir("/"), "chdir", "/");
}

void enter_by_chroot(int root) {
    check(::fchdir(root), "chdir to", "the new root");
    check(::chroot("."), "chroot", "to the new root");
    check(::chdir("/"), "chdir", "/");
}
