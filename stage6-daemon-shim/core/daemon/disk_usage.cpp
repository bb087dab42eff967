#include "stage6-daemon-shim/core/daemon/disk_usage.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <vector>

#include "common/fd.hpp"

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

static Directory open_directory(const std::string& path) {
    Fd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd) return nullptr;
    Directory directory{::fdopendir(fd.get())};
    if (directory != nullptr) fd.release();
    return directory;
}

// Of the files in one directory; those that are directories are put on the list.
static std::int64_t add_up(const std::string& path, std::vector<std::string>& to_do) {
    const Directory directory = open_directory(path);
    if (directory == nullptr) return 0;
    std::int64_t bytes = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        struct stat status {};
        const int fd = ::dirfd(directory.get());
        if (::fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (S_ISDIR(status.st_mode)) to_do.push_back(path + "/" + name);
        // An overlay marks what was deleted by a device; a device has no bytes of its own.
        if (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode)) bytes += status.st_size;
    }
    return bytes;
}

Task<std::int64_t> disk_usage(EventLoop& loop, std::string directory) {
    std::int64_t bytes = 0;
    std::vector<std::string> to_do = {std::move(directory)};
    while (!to_do.empty()) {
        const std::string path = std::move(to_do.back());
        to_do.pop_back();
        bytes += add_up(path, to_do);
        co_await loop.breathe();
    }
    co_return bytes;
}
