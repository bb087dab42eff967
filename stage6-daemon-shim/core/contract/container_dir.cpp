#include "stage6-daemon-shim/core/contract/container_dir.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <vector>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/persistently.hpp"

std::string started_file(unsigned number) {
    return "started." + std::to_string(number) + ".json";
}

std::string exit_file(unsigned number) {
    return "exit." + std::to_string(number) + ".json";
}

std::string reserved_exit_file(unsigned number) {
    return "exit." + std::to_string(number) + ".tmp";
}

ContainerDir ContainerDir::open(const std::string& path) {
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    return persistently([&] {
        fail_point<"open a container's directory">();
        return ContainerDir{Fd{check(::open(path.c_str(), flags), "open", path)}};
    });
}

Fd ContainerDir::open_file(const std::string& name, int flags, unsigned mode) const {
    const int safe_flags = flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    Fd file{check(::openat(get(), name.c_str(), safe_flags, mode), "open", name)};
    struct stat status {};
    check(::fstat(file.get(), &status), "stat", name);
    if (!S_ISREG(status.st_mode)) throw Failure{"open " + name + ": not a regular file"};
    return file;
}

std::string ContainerDir::read(const std::string& name, std::size_t bytes_max) const {
    return persistently([&] {
        fail_point<"read a record">();
        return read_all(open_file(name, O_RDONLY).get(), name, bytes_max);
    });
}

void ContainerDir::write_temporary(const std::string& name, std::string_view text) const {
    const std::string temporary = name + ".tmp";
    try {
        fail_point<"open a record">();
        const Fd file = open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
        fail_point<"write a record">();
        write_all(file.get(), text, temporary);
        fail_point<"fsync a record">();
        flush(file.get(), temporary);
    } catch (...) {
        ::unlinkat(get(), temporary.c_str(), 0);
        throw;
    }
}

void ContainerDir::write_whole(const std::string& name, std::string_view text) const {
    write_temporary(name, text);
    rename_durably(name + ".tmp", name);
}

void ContainerDir::write_first(std::span<const NewFile> files) const {
    std::vector<Fd> written;
    for (const NewFile& file : files) {
        fail_point<"open a record">();
        written.push_back(open_file(file.name, O_WRONLY | O_CREAT | O_EXCL));
        fail_point<"write a record">();
        write_all(written.back().get(), file.text, file.name);
    }
    if (has(kFleetingMark)) return;
    // All get their places on the disk first: then one commit of its journal takes them all.
    for (const Fd& file : written) ::sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    for (std::size_t i = 0; i < files.size(); ++i) {
        fail_point<"fsync a record">();
        check(::fsync(written[i].get()), "fsync", files[i].name);
    }
    fail_point<"fsync the directory of a record">();
    check(::fsync(get()), "fsync", "the container's directory");
}

void ContainerDir::rename_durably(const std::string& from, const std::string& to) const {
    fail_point<"rename a record">();
    check(::renameat(get(), from.c_str(), get(), to.c_str()), "rename", to);
    fail_point<"fsync the directory of a record">();
    flush(get(), "the container's directory");
}

void ContainerDir::flush(int file, const std::string& name) const {
    if (!has(kFleetingMark)) check(::fsync(file), "fsync", name);
}

bool ContainerDir::has(const std::string& name) const {
    return ::faccessat(get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void ContainerDir::mark(const std::string& name) const {
    check(::fchmodat(get(), name.c_str(), 0400, 0), "chmod", name);
}

bool ContainerDir::is_marked(const std::string& name) const {
    struct stat status {};
    check(::fstatat(get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "stat", name);
    return (status.st_mode & S_IWUSR) == 0;
}

void ContainerDir::remove(const std::string& name) const {
    if (::unlinkat(get(), name.c_str(), 0) == -1 && errno != ENOENT) {
        throw SystemError{errno, "remove", name};
    }
}

// 7 for "exit.7.json"; 0 when it is no such name.
static unsigned number_in(std::string_view name, std::string_view prefix) {
    constexpr std::string_view suffix = ".json";
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) return 0;
    if (name.size() <= prefix.size() + suffix.size()) return 0;
    name = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    unsigned number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool whole = error == std::errc{} && end == name.data() + name.size();
    return whole ? number : 0;
}

unsigned ContainerDir::last_start() const {
    // A descriptor of its own: reading a directory moves its offset.
    Fd copy{check(::openat(get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", ".")};
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(copy.get()), ::closedir};
    if (!stream) throw SystemError{errno, "read", "the container's directory"};
    copy.release();
    unsigned last = 0;
    while (const dirent* entry = ::readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        last = std::max({last, number_in(name, "started."), number_in(name, "exit.")});
    }
    return last;
}

std::string ContainerDir::short_path(const std::string& name) const {
    return "/proc/self/fd/" + std::to_string(get()) + "/" + name;
}
