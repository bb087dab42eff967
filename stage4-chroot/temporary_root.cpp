#include "stage4-chroot/temporary_root.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "stage4-chroot/rootfs.hpp"

static constexpr int kDepthMax = 256;  // deeper than PATH_MAX allows without tricks

static Fd open_directory_of_same_mount(int parent, const char* name) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    // Also a bind mount of the same file system is another mount: st_dev would not show it.
    how.resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH;
    return Fd{static_cast<int>(::syscall(SYS_openat2, parent, name, &how, sizeof how))};
}

// Empties the directory and hands its descriptor to the stream, which closes it.
static bool empty_directory(Fd directory, int depth) {
    ::fchmod(directory.get(), 0700);  // what is in a read-only directory cannot be removed
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(directory.get()), ::closedir};
    if (!stream) return false;
    const int fd = directory.release();
    bool all_gone = true;
    while (const dirent* entry = ::readdir(stream.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        if (::unlinkat(fd, name.c_str(), 0) == 0) continue;
        Fd below = open_directory_of_same_mount(fd, name.c_str());
        if (!below && errno == EACCES) {
            // Without root: a directory of mode 0, as overlay leaves one, opens after a chmod.
            ::fchmodat(fd, name.c_str(), 0700, AT_SYMLINK_NOFOLLOW);
            below = open_directory_of_same_mount(fd, name.c_str());
        }
        if (below && depth < kDepthMax) empty_directory(std::move(below), depth + 1);
        if (::unlinkat(fd, name.c_str(), AT_REMOVEDIR) == -1) all_gone = false;
    }
    return all_gone;
}

bool remove_tree(const std::string& path) {
    Fd directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!directory) return errno == ENOENT;
    empty_directory(std::move(directory), 0);
    return ::rmdir(path.c_str()) == 0;
}

bool remove_tree_of_dying(const std::string& path) {
    constexpr int wait_milliseconds_max = 5000;
    for (int delay = 1, waited = 0; !remove_tree(path); waited += delay, delay *= 2) {
        if (waited > wait_milliseconds_max) return false;
        ::poll(nullptr, 0, delay);
    }
    return true;
}

std::string random_id() {
    constexpr char digits[] = "0123456789abcdef";
    unsigned char bytes[6];
    check(::getrandom(bytes, sizeof bytes, 0), "getrandom");
    std::string id;
    for (const unsigned byte : bytes) id.append({digits[byte >> 4], digits[byte & 15]});
    return id;
}

TemporaryRoot::TemporaryRoot() {
    const char* directory = std::getenv("TMPDIR");
    const bool usable = directory != nullptr && directory[0] == '/';
    path_ = std::string{usable ? directory : "/tmp"} + "/container_rootfs_" + random_id();
}

void TemporaryRoot::make() {
    check(::mkdir(path_.c_str(), 0755), "mkdir", path_);
    made_ = true;
    check(::chmod(path_.c_str(), 0755), "chmod", path_);  // whatever the umask
}

TemporaryRoot::~TemporaryRoot() {
    if (made_) remove_tree_of_dying(path_);
}

const std::string& make_host_root(TemporaryRoot& root, const Narrator& narrator) {
    narrator.say("Setting up root filesystem at " + root.path());
    root.make();
    build_rootfs(root.path(), {}, host_programs());
    return root.path();
}
