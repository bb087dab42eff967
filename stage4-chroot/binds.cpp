#include "stage4-chroot/binds.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "stage4-chroot/resolve_in_root.hpp"

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
        attach_mount(mount.get(), target.get(), bind.destination);
    }
}
