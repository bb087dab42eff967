#include "stage6-daemon-shim/features/isolation/network_files.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static void mount_file(int memory, int root, const std::string& name, const std::string& content) {
    {
        const Fd file{check(::openat(memory, name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644),
                            "make", name)};
        check(::fchmod(file.get(), 0644), "chmod", name);
        write_all(file.get(), content, name);
    }
    const Fd mount{check(::open_tree(memory, name.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
                         "open_tree", name)};
    const std::string path = "/etc/" + name;
    const Fd place = make_file_in_root(root, path, Links::kept_inside);
    attach_mount(mount.get(), place.get(), path);
}

// Kernels before 6.15 clone nothing that is mounted nowhere. So it is mounted on the host's root,
// as this namespace still sees it: that is about to be left, and one unmount takes both away. Each
// unmount waits until no processor looks at the mounts any more (synchronize_rcu_expedited).
static void attach_to_old_root(int mount) {
    const Fd place{check(::open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC), "open", "/sys")};
    attach_mount(mount, place.get(), "the host's /sys");
}

static std::string hosts_text(const std::string& hostname, const std::string& more) {
    return "127.0.0.1\tlocalhost\n"
           "::1\tlocalhost ip6-localhost ip6-loopback\n"
           "fe00::\tip6-localnet\n"
           "ff00::\tip6-mcastprefix\n"
           "ff02::1\tip6-allnodes\n"
           "ff02::2\tip6-allrouters\n"
           "127.0.0.1\t" +
           hostname + "\n" + more;
}

void mount_network_files(Launch& launch) {
    const Spec& spec = launch.spec;
    if (!spec.isolated) return;
    const JsonReader annotations = JsonReader{spec.document}.get_object("annotations");
    const int root = launch.root.get();
    const MountOption options[] = {{"mode", "0755"}, {"size", "1m"}};
    const Fd memory = new_file_system("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    attach_to_old_root(memory.get());
    mount_file(memory.get(), root, "hostname", spec.hostname + "\n");
    mount_file(memory.get(), root, "hosts",
               hosts_text(spec.hostname, annotations.get_string(kHostsAnnotation)));
    mount_file(memory.get(), root, "resolv.conf", annotations.get_string(kResolverAnnotation));
}
