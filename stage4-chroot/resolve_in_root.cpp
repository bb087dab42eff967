#include "stage4-chroot/resolve_in_root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>

#include "common/error.hpp"

static int openat2_in_root(int root, const char* path, int flags, unsigned mode, Links links) {
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.mode = mode;
    // Magic links (/proc/PID/root) jump anywhere, whatever the root.
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    if (links == Links::refused) how.resolve |= RESOLVE_NO_SYMLINKS;
    // EAGAIN: something was renamed meanwhile, and the kernel cannot vouch for the answer.
    while (true) {
        const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd != -1 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
    }
}

Fd open_in_root(int root, const std::string& path, int flags, Links links) {
    const int fd = openat2_in_root(root, path.c_str(), flags, 0, links);
    if (fd == -1 && errno == ELOOP && links == Links::refused) {
        throw SystemError{ELOOP, "open in the root", path,
                          "a symbolic link there is refused: it could lead out of the root"};
    }
    return Fd{check(fd, "open in the root", path)};
}

// Opens `path`; where its last component is missing, makes it with `make` in its parent directory,
// which is resolved the same way first.
static Fd open_or_make(int root, const std::string& path, int flags, Links links,
                       const std::function<int(int, const char*)>& make) {
    const int fd = openat2_in_root(root, path.c_str(), flags, 0, links);
    if (fd != -1 || errno != ENOENT) {
        if (fd != -1) return Fd{fd};
        return open_in_root(root, path, flags, links);  // throws the error in words
    }
    const auto slash = path.find_last_of('/');
    const std::string parent_path = slash == std::string::npos ? "" : path.substr(0, slash);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name.empty() || name == "." || name == "..") {
        throw Failure{"make " + printable(path) + " in the root: not a plain name"};
    }
    const Fd parent = parent_path.empty() ? open_in_root(root, "/", O_PATH | O_DIRECTORY, links)
                                          : make_directory_in_root(root, parent_path, links);
    // mkdirat and O_EXCL follow no link in the last component, so this stays in `parent`.
    if (make(parent.get(), name.c_str()) == -1 && errno != EEXIST) {
        throw SystemError{errno, "make in the root", path};
    }
    // A dangling link is "missing" and yet "exists": the second look says so.
    return open_in_root(root, path, flags, links);
}

Fd make_directory_in_root(int root, const std::string& path, Links links) {
    return open_or_make(root, path, O_PATH | O_DIRECTORY, links,
                        [](int parent, const char* name) { return ::mkdirat(parent, name, 0755); });
}

Fd make_file_in_root(int root, const std::string& path, Links links) {
    return open_or_make(root, path, O_PATH, links, [](int parent, const char* name) {
        const int fd = ::openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
        if (fd != -1) ::fchmod(Fd{fd}.get(), 0644);
        return fd;
    });
}

Fd new_file_system(const char* type, std::span<const MountOption> options, unsigned attributes) {
    const Fd context{check(::fsopen(type, FSOPEN_CLOEXEC), "fsopen", type)};
    // Only what the mount table shows as the source.
    check(::fsconfig(context.get(), FSCONFIG_SET_STRING, "source", type, 0), "fsconfig", type);
    for (const auto& [name, value] : options) {
        const auto command = value == nullptr ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
        check(::fsconfig(context.get(), command, name, value, 0), "fsconfig",
              std::string{type} + " " + name);
    }
    check(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "create", type);
    return Fd{check(::fsmount(context.get(), FSMOUNT_CLOEXEC, attributes), "fsmount", type)};
}

Fd clone_mount(const std::string& path, bool recursive) {
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0u);
    return Fd{check(::open_tree(AT_FDCWD, path.c_str(), flags), "open_tree", path)};
}

void attach_mount(int mount, int target, const std::string& name) {
    check(::move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
          "mount on", name);
}

void set_mount_attributes(int mount, unsigned attributes, bool recursive, const std::string& name) {
    mount_attr change{};
    change.attr_set = attributes;
    const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
    check(::mount_setattr(mount, "", flags, &change, sizeof change), "mount_setattr", name);
}
