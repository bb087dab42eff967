#include "stage4-chroot/copy_program.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/file.hpp"
#include "stage4-chroot/elf_dependencies.hpp"
#include "stage4-chroot/resolve_in_root.hpp"

static constexpr int kInterpretersMax = 4;

static constexpr std::string_view kProgramDirectories =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static std::string real_path(const std::string& path) {
    char resolved[PATH_MAX];
    if (::realpath(path.c_str(), resolved) == nullptr) throw SystemError{errno, "resolve", path};
    return resolved;
}

std::optional<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return file_exists(name) ? std::optional{name} : std::nullopt;
    }
    const char* own_path = std::getenv("PATH");
    const std::string places =
        std::string{own_path != nullptr ? own_path : ""} + ":" + std::string{kProgramDirectories};
    for (std::size_t start = 0; start <= places.size();) {
        const std::size_t end = std::min(places.find(':', start), places.size());
        const std::string path = places.substr(start, end - start) + "/" + name;
        struct stat status {};
        const bool runnable = path[0] == '/' && ::stat(path.c_str(), &status) == 0 &&
                              S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
        if (runnable) return path;
        start = end + 1;
    }
    return std::nullopt;
}

static void copy_content(const std::string& source, int directory, const std::string& name) {
    const Fd in{check(::open(source.c_str(), O_RDONLY | O_CLOEXEC), "open", source)};
    struct stat status {};
    check(::fstat(in.get(), &status), "stat", source);
    // O_NOFOLLOW and O_EXCL: what lies there already, perhaps a link out of the root, stays.
    const Fd out{::openat(directory, name.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!out && errno == EEXIST) return;
    check(out.get(), "create the copy of", source);
    auto left = static_cast<std::size_t>(status.st_size);
    while (left > 0) {
        // In the kernel, without a round through our memory, and from any file system to any
        // other: copy_file_range(2) refuses to cross from one kind to another.
        const auto count = check(::sendfile(out.get(), in.get(), nullptr, left), "copy", source);
        if (count == 0) break;
        left -= static_cast<std::size_t>(count);
    }
    // The set-user-ID bits stay behind: nobody in a container needs sudo's.
    check(::fchmod(out.get(), status.st_mode & 0755), "chmod the copy of", source);
}

void copy_to_same_place(int root, const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) {
        throw Failure{"copy " + printable(path) +
                      ": a program that names its loader without a path"};
    }
    const std::string directory = real_path(path.substr(0, slash + 1));
    const Fd place = make_directory_in_root(root, directory, Links::kept_inside);
    copy_content(path, place.get(), path.substr(slash + 1));
}

// On some systems a hundred commands are links to one program, busybox or coreutils: it is copied
// once, and they stay links.
static void link_at_same_place(int root, const std::string& path, const std::string& program) {
    const auto slash = path.rfind('/');
    const std::string directory = path.substr(0, std::max<std::size_t>(slash, 1));
    // A neighbour by its name alone: that means the same from outside the root.
    const bool is_neighbour = program.rfind('/') == slash && program.starts_with(directory);
    const std::string target = is_neighbour ? program.substr(slash + 1) : program;
    const Fd place = make_directory_in_root(root, directory, Links::kept_inside);
    const int result = ::symlinkat(target.c_str(), place.get(), path.substr(slash + 1).c_str());
    if (result == -1 && errno != EEXIST) throw SystemError{errno, "symlink", path};
}

// The file may be a link, its directory is none.
static std::string in_real_directory(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string directory = real_path(path.substr(0, slash + 1));
    return (directory == "/" ? "" : directory) + path.substr(slash);
}

static void add_program(int root, const std::string& path, int depth) {
    // The kernel too gives up on a script whose interpreter is a script whose ... (ELOOP).
    if (depth > kInterpretersMax) {
        throw Failure{"copy " + printable(path) + ": too many interpreters of interpreters"};
    }
    struct stat status {};
    check(::stat(path.c_str(), &status), "copy", path);
    if (!S_ISREG(status.st_mode)) throw Failure{"copy " + printable(path) + ": not a regular file"};
    const std::string program = real_path(path);
    const std::string name = in_real_directory(path);
    if (name != program) link_at_same_place(root, name, program);
    copy_to_same_place(root, program);
    for (const auto& library : elf_dependencies(program)) copy_to_same_place(root, library);
    const std::string interpreter = script_interpreter(program);
    // A relative name means another file in each directory: there is no place to put it.
    if (interpreter.starts_with('/') && file_exists(interpreter)) {
        add_program(root, interpreter, depth + 1);
    }
}

void copy_program(int root, const std::string& path) {
    add_program(root, path, 0);
}
