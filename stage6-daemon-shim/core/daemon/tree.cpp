#include "stage6-daemon-shim/core/daemon/tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "stage6-daemon-shim/core/archive/sha256.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/persistently.hpp"

static std::vector<std::string> names_in(int directory, const std::string& path) {
    Fd copy{check(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", path)};
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(copy.get()), ::closedir};
    if (!stream) throw SystemError{errno, "read", path};
    copy.release();
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(stream.get())) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

static Fd open_below(int directory, const std::string& name, int flags, const std::string& path) {
    return Fd{
        check(::openat(directory, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC), "open", path)};
}

static std::string link_of(int directory, const std::string& name, const std::string& path) {
    char target[PATH_MAX];
    const auto length =
        check(::readlinkat(directory, name.c_str(), target, sizeof target), "read link", path);
    return {target, static_cast<std::size_t>(length)};
}

// --- what is in it ------------------------------------------------------------------------------

class ContentReader {
public:
    void add(int directory, const std::string& path) {
        for (const std::string& name : names_in(directory, path)) {
            add_one(directory, name, path + "/" + name);
        }
    }
    TreeContent result() { return {sum_.finish(), bytes_}; }

private:
    void add_one(int directory, const std::string& name, const std::string& path);

    Sha256 sum_;
    std::uint64_t bytes_ = 0;
};

void ContentReader::add_one(int directory, const std::string& name, const std::string& path) {
    struct stat status {};
    check(::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "stat", path);
    const bool is_file = S_ISREG(status.st_mode);
    sum_.add(path + '\0' + std::to_string(status.st_mode) + '\0' +
             std::to_string(is_file ? status.st_size : 0) + '\0');
    if (S_ISLNK(status.st_mode)) sum_.add(link_of(directory, name, path) + '\0');
    if (S_ISDIR(status.st_mode)) {
        add(open_below(directory, name, O_RDONLY | O_DIRECTORY, path).get(), path);
    }
    if (!is_file) return;
    const Fd file = open_below(directory, name, O_RDONLY, path);
    std::string piece(256u << 10, '\0');
    while (true) {
        const auto count = check(
            retry([&] { return ::read(file.get(), piece.data(), piece.size()); }), "read", path);
        if (count == 0) break;
        sum_.add({piece.data(), static_cast<std::size_t>(count)});
        bytes_ += static_cast<std::uint64_t>(count);
    }
}

TreeContent content_of_tree(const std::string& directory) {
    const Fd root{
        check(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", directory)};
    ContentReader reader;
    reader.add(root.get(), "");
    return reader.result();
}

// --- a copy -------------------------------------------------------------------------------------

class TreeCopier {
public:
    explicit TreeCopier(const std::string& to) : to_root_{to} {}

    void copy_directory(int from, int to, const std::string& path);

private:
    void copy_one(int from, int to, const std::string& name, const std::string& path);
    void copy_file(int from, int to, const std::string& name, const struct stat& status,
                   const std::string& path);
    void take_over(int to, const std::string& name, const struct stat& status,
                   const std::string& path) const;

    std::string to_root_;
    const bool is_root_ = ::geteuid() == 0;
    std::map<std::pair<dev_t, ino_t>, std::string> first_links_;  // where in the copy
};

void TreeCopier::take_over(int to, const std::string& name, const struct stat& status,
                           const std::string& path) const {
    if (is_root_) {
        check(::fchownat(to, name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW),
              "chown", path);
    }
    if (!S_ISLNK(status.st_mode)) {
        check(::fchmodat(to, name.c_str(), status.st_mode & 07777, 0), "chmod", path);
    }
    const timespec times[2] = {status.st_atim, status.st_mtim};
    check(::utimensat(to, name.c_str(), times, AT_SYMLINK_NOFOLLOW), "set the time of", path);
}

void TreeCopier::copy_file(int from, int to, const std::string& name, const struct stat& status,
                           const std::string& path) {
    const Fd source = open_below(from, name, O_RDONLY, path);
    const Fd copy{check(::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600),
                        "create", path)};
    while (true) {
        constexpr std::size_t piece = 1u << 30;
        if (check(::sendfile(copy.get(), source.get(), nullptr, piece), "copy", path) == 0) break;
    }
    take_over(to, name, status, path);
    char capability[64];
    const auto length =
        ::fgetxattr(source.get(), "security.capability", capability, sizeof capability);
    if (is_root_ && length > 0) {
        check(::fsetxattr(copy.get(), "security.capability", capability,
                          static_cast<std::size_t>(length), 0),
              "setxattr security.capability", path);
    }
}

void TreeCopier::copy_one(int from, int to, const std::string& name, const std::string& path) {
    struct stat status {};
    check(::fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "stat", path);
    if (S_ISDIR(status.st_mode)) {
        check(::mkdirat(to, name.c_str(), 0700), "mkdir", path);
        copy_directory(open_below(from, name, O_RDONLY | O_DIRECTORY, path).get(),
                       open_below(to, name, O_RDONLY | O_DIRECTORY, path).get(), path);
        return take_over(to, name, status, path);
    }
    if (status.st_nlink > 1) {
        const auto [known, is_new] =
            first_links_.try_emplace({status.st_dev, status.st_ino}, to_root_ + path);
        if (!is_new) {
            check(::linkat(AT_FDCWD, known->second.c_str(), to, name.c_str(), 0), "link", path);
            return;
        }
    }
    if (S_ISREG(status.st_mode)) return copy_file(from, to, name, status, path);
    if (S_ISLNK(status.st_mode)) {
        check(::symlinkat(link_of(from, name, path).c_str(), to, name.c_str()), "symlink", path);
    } else {
        check(::mknodat(to, name.c_str(), status.st_mode & S_IFMT, status.st_rdev), "mknod", path);
    }
    take_over(to, name, status, path);
}

void TreeCopier::copy_directory(int from, int to, const std::string& path) {
    for (const std::string& name : names_in(from, path))
        copy_one(from, to, name, path + "/" + name);
}

void copy_tree(const std::string& from, const std::string& to) {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const Fd source{check(::open(from.c_str(), flags), "open", from)};
    const Fd copy{check(::open(to.c_str(), flags), "open", to)};
    TreeCopier{to}.copy_directory(source.get(), copy.get(), "");
}

std::vector<std::string> entries_of(const std::string& directory) {
    std::vector<std::string> names;
    const auto open = [&] {
        fail_point<"list a directory">();
        DIR* const stream = ::opendir(directory.c_str());
        // Not "there is nothing": a daemon that cannot see its images must not begin.
        if (stream == nullptr && errno != ENOENT) throw SystemError{errno, "open", directory};
        return stream;
    };
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{persistently(open), ::closedir};
    while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    return names;
}

void sync_directory(const std::string& path) {
    fail_point<"fsync a directory">();
    const Fd directory{
        check(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", path)};
    check(::fsync(directory.get()), "fsync", path);
}

void rename_durably(const std::string& from, const std::string& to) {
    fail_point<"rename a directory">();
    check(::rename(from.c_str(), to.c_str()), "rename", to);
    sync_directory(to.substr(0, to.rfind('/')));
}
