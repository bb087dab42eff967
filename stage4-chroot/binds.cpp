#include "stage4-chroot/binds.hpp"

#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "stage4-chroot/resolve_in_root.hpp"

void refuse_proc(int target, const std::string& destination) {
    struct statfs status {};
    check(::fstatfs(target, &status), "statfs", destination);
    if (status.f_type != PROC_SUPER_MAGIC) return;
    throw Failure{"mount on " + printable(destination) +
                  ": it lies in /proc, which must not be faked"};
}

void mount_binds(int root, const std::vector<Bind>& binds) {
    for (const Bind& bind : binds) {
        struct stat status {};
        check(::stat(bind.source.c_str(), &status), "bind", bind.source);
        const Fd mount = clone_mount(bind.source);
        if (bind.read_only) {
            set_mount_attributes(mount.get(), MOUNT_ATTR_RDONLY, true, bind.destination);
        }
        const Fd target = S_ISDIR(status.st_mode)
                              ? make_directory_in_root(root, bind.destination, Links::kept_inside)
                              : make_file_in_root(root, bind.destination, Links::kept_inside);
        refuse_proc(target.get(), bind.destination);
        attach_mount(mount.get(), target.get(), bind.destination);
    }
}
