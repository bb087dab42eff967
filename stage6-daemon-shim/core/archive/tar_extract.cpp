#include "stage6-daemon-shim/core/archive/tar_extract.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage4-chroot/temporary_root.hpp"

// What a layer says of files that it takes away from those below: here there is none below.
static constexpr std::string_view kWhiteout = ".wh.";

// "./a//b/../c/" as "a/c"; empty for the root itself.
static std::string clean_name(const std::string& name) {
    if (name.find('\0') != std::string::npos) throw Failure{"archive: NUL byte in a name"};
    std::vector<std::string_view> parts;
    std::string_view rest = name;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('/'), rest.size());
        const std::string_view part = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (part.empty() || part == ".") continue;
        if (part != "..") {
            parts.push_back(part);
        } else if (parts.empty()) {
            throw Failure{"archive: " + printable(name) + " leads out of the root"};
        } else {
            parts.pop_back();
        }
    }
    std::string clean;
    for (const std::string_view part : parts) {
        if (!clean.empty()) clean += '/';
        clean += part;
    }
    return clean;
}

class TreeWriter {
public:
    explicit TreeWriter(const std::string& path)
        : root_{check(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", path)},
          is_root_{::geteuid() == 0} {}

    void add(const TarEntry& entry, TarReader& archive);

    // What can only be set when all files are there; all is on the disk then.
    void finish();

    std::uint64_t bytes() const { return bytes_; }

private:
    struct Place {
        std::string name;  // of the whole path, for messages
        int parent;
        std::string base;
    };

    Place place_for(const std::string& name);
    void make_way(const Place& place, TarType type);
    void make(const Place& place, const TarEntry& entry, TarReader& archive);
    void make_file(const Place& place, const TarEntry& entry, TarReader& archive);
    void make_hard_link(const Place& place, const std::string& link);
    void make_device(const Place& place, const TarEntry& entry);
    void set_owner_and_time(const Place& place, const TarEntry& entry);

    struct Directory {
        std::string name;
        mode_t mode;
        std::array<timespec, 2> times;
    };

    Fd root_;
    bool is_root_;
    Fd parent_;  // of the last entry, called parent_name_
    std::string parent_name_;
    std::vector<Directory> directories_;
    std::uint64_t bytes_ = 0;
};

TreeWriter::Place TreeWriter::place_for(const std::string& name) {
    const auto slash = name.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : name.substr(0, slash);
    if (!parent_ || parent != parent_name_) {
        parent_ = parent.empty() ? Fd{check(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0), "fcntl")}
                                 : make_directory_in_root(root_.get(), parent, Links::kept_inside);
        parent_name_ = parent;
    }
    return {name, parent_.get(), slash == std::string::npos ? name : name.substr(slash + 1)};
}

// A later entry of one name replaces an earlier one; a directory over a directory stays.
void TreeWriter::make_way(const Place& place, TarType type) {
    struct stat status {};
    if (::fstatat(place.parent, place.base.c_str(), &status, AT_SYMLINK_NOFOLLOW) == -1) {
        if (errno == ENOENT) return;
        throw SystemError{errno, "stat", place.name};
    }
    if (!S_ISDIR(status.st_mode)) {
        check(::unlinkat(place.parent, place.base.c_str(), 0), "replace", place.name);
    } else if (type != TarType::directory) {
        const std::string path = "/proc/self/fd/" + std::to_string(place.parent) + "/" + place.base;
        if (!remove_tree(path)) throw Failure{"replace " + place.name + ": something is left"};
    }
}

void TreeWriter::make_file(const Place& place, const TarEntry& entry, TarReader& archive) {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const Fd file{
        check(::openat(place.parent, place.base.c_str(), flags, 0600), "create", place.name)};
    for (auto piece = archive.read_data(); !piece.empty(); piece = archive.read_data()) {
        write_all(file.get(), piece, place.name);
    }
    bytes_ += entry.size;
    // The order counts: a change of the owner clears the bits of the mode, and the capability.
    if (is_root_) check(::fchown(file.get(), entry.uid, entry.gid), "chown", place.name);
    check(::fchmod(file.get(), entry.mode), "chmod", place.name);
    if (is_root_ && !entry.capability.empty() &&
        ::fsetxattr(file.get(), "security.capability", entry.capability.data(),
                    entry.capability.size(), 0) == -1 &&
        errno != ENOTSUP) {
        throw SystemError{errno, "setxattr security.capability", place.name};
    }
    const timespec times[2] = {entry.modified, entry.modified};
    check(::futimens(file.get(), times), "set the time of", place.name);
}

void TreeWriter::make_hard_link(const Place& place, const std::string& link) {
    const std::string target = clean_name(link);
    const auto slash = target.rfind('/');
    const Fd parent =
        open_in_root(root_.get(), slash == std::string::npos ? "." : target.substr(0, slash),
                     O_PATH | O_DIRECTORY, Links::kept_inside);
    const std::string base = slash == std::string::npos ? target : target.substr(slash + 1);
    check(::linkat(parent.get(), base.c_str(), place.parent, place.base.c_str(), 0), "link",
          place.name);
}

void TreeWriter::make_device(const Place& place, const TarEntry& entry) {
    const mode_t kind = entry.type == TarType::fifo           ? S_IFIFO
                        : entry.type == TarType::block_device ? S_IFBLK
                                                              : S_IFCHR;
    const dev_t device = kind == S_IFIFO ? 0 : ::makedev(entry.device_major, entry.device_minor);
    check(::mknodat(place.parent, place.base.c_str(), kind | 0600, device), "mknod", place.name);
    if (is_root_) {
        check(
            ::fchownat(place.parent, place.base.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW),
            "chown", place.name);
    }
    // The kernel has no fchmodat that refuses links before 6.6; this name is no link: we made it.
    check(::fchmodat(place.parent, place.base.c_str(), entry.mode, 0), "chmod", place.name);
}

void TreeWriter::set_owner_and_time(const Place& place, const TarEntry& entry) {
    if (is_root_ && entry.type == TarType::symbolic_link) {
        check(
            ::fchownat(place.parent, place.base.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW),
            "chown", place.name);
    }
    const timespec times[2] = {entry.modified, entry.modified};
    check(::utimensat(place.parent, place.base.c_str(), times, AT_SYMLINK_NOFOLLOW),
          "set the time of", place.name);
}

void TreeWriter::make(const Place& place, const TarEntry& entry, TarReader& archive) {
    make_way(place, entry.type);
    switch (entry.type) {
        case TarType::file: return make_file(place, entry, archive);
        case TarType::hard_link: return make_hard_link(place, entry.link);
        case TarType::symbolic_link:
            if (entry.link.empty()) throw Failure{"archive: " + place.name + ": an empty link"};
            check(::symlinkat(entry.link.c_str(), place.parent, place.base.c_str()), "symlink",
                  place.name);
            return set_owner_and_time(place, entry);
        case TarType::character_device:
        case TarType::block_device:
            if (!is_root_) return;  // mknod(2) would not let us
            [[fallthrough]];
        case TarType::fifo: make_device(place, entry); return set_owner_and_time(place, entry);
        case TarType::directory:
            if (::mkdirat(place.parent, place.base.c_str(), 0700) == -1 && errno != EEXIST) {
                throw SystemError{errno, "mkdir", place.name};
            }
            return;
    }
}

void TreeWriter::add(const TarEntry& entry, TarReader& archive) {
    const std::string name = clean_name(entry.name);
    if (name.empty() && entry.type != TarType::directory) {
        throw Failure{"archive: the root is no directory"};
    }
    if (!name.empty()) {
        const Place place = place_for(name);
        if (place.base.starts_with(kWhiteout)) return;
        make(place, entry, archive);
    }
    if (entry.type != TarType::directory) return;
    const std::string path = name.empty() ? "." : name;
    if (is_root_) {
        const Fd made = open_in_root(root_.get(), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
                                     Links::kept_inside);
        check(::fchown(made.get(), entry.uid, entry.gid), "chown", path);
    }
    directories_.push_back({path, entry.mode, {entry.modified, entry.modified}});
}

void TreeWriter::finish() {
    // From the last to the first: what lies below comes after, and must still be reached.
    std::reverse(directories_.begin(), directories_.end());
    for (const Directory& directory : directories_) {
        Fd made;
        try {
            made = open_in_root(root_.get(), directory.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
                                Links::kept_inside);
        } catch (const SystemError&) {
            continue;  // a later entry took its place, or came twice
        }
        check(::fchmod(made.get(), directory.mode), "chmod", directory.name);
        check(::futimens(made.get(), directory.times.data()), "set the time of", directory.name);
    }
    check(::syncfs(root_.get()), "syncfs", "the layer");
}

ExtractedTree extract_tar(TarReader& archive, const std::string& directory) {
    TreeWriter writer{directory};
    TarEntry entry;
    while (archive.next(entry)) writer.add(entry, archive);
    ExtractedTree tree{archive.finish(), writer.bytes()};
    writer.finish();
    return tree;
}
