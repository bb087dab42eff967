#include "stage4-chroot/rootfs.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "stage4-chroot/elf_dependencies.hpp"

static constexpr std::string_view kHostPrograms[] = {
    // typed inside a container by the articles
    "bash",
    "sh",
    "ls",
    "ps",
    "hostname",
    "cat",
    "ip",
    "dd",
    "echo",
    "mount",
    "umount",
    // used by the chapters
    "env",
    "id",
    "sleep",
    "true",
    "false",
    "pwd",
    "mkdir",
    "rmdir",
    "rm",
    "touch",
    "cp",
    "mv",
    "ln",
    "chmod",
    "head",
    "tail",
    "wc",
    "grep",
    "seq",
    "sort",
    "tr",
    "cut",
    "date",
    "stat",
    "df",
    "du",
    "uname",
    "kill",
    "whoami",
    "tty",
    "stty",
    "readlink",
    "sha256sum",
    "tee",
    "printf",
    "nproc",
    "yes",
    "od",
    "expr",
    "test",
    "mknod",
    "chown",
    "free",
    "top",
    "find",
};

static constexpr const char* kDirectories[] = {"bin",      "sbin",    "lib",  "lib64", "usr/bin",
                                               "usr/sbin", "usr/lib", "etc",  "proc",  "sys",
                                               "dev",      "tmp",     "root", "run",   "var/tmp"};

static constexpr std::string_view kProgramDirectories =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::span<const std::string_view> host_programs() {
    return kHostPrograms;
}

static std::string real_path(const std::string& path) {
    char resolved[PATH_MAX];
    if (::realpath(path.c_str(), resolved) == nullptr) throw SystemError{errno, "resolve", path};
    return resolved;
}

static std::optional<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return file_exists(name) ? std::optional{name} : std::nullopt;
    }
    // A user's PATH often lacks sbin, where Debian keeps ip.
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

static void copy_content(const std::string& source, const std::string& destination) {
    const Fd in{check(::open(source.c_str(), O_RDONLY | O_CLOEXEC), "open", source)};
    struct stat status {};
    check(::fstat(in.get(), &status), "stat", source);
    // O_NOFOLLOW and O_EXCL: what lies there already, perhaps a link out of the root, stays.
    const Fd out{
        ::open(destination.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!out && errno == EEXIST) return;
    check(out.get(), "create", destination);
    auto left = static_cast<std::size_t>(status.st_size);
    while (left > 0) {
        // In the kernel, without a round through our memory, and from any file system to any
        // other: copy_file_range(2) refuses to cross from one kind to another.
        const auto count = check(::sendfile(out.get(), in.get(), nullptr, left), "copy", source);
        if (count == 0) break;
        left -= static_cast<std::size_t>(count);
    }
    // The set-user-ID bits stay behind: nobody in a container needs sudo's.
    check(::fchmod(out.get(), status.st_mode & 0755), "chmod", destination);
}

// Puts one file of the host at the same place in the root. Its directory is taken as the host
// really has it (/lib may be a link to /usr/lib), its own name as it was asked for.
static void copy_to_same_place(const std::string& root, const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string directory = slash == 0 ? "" : real_path(path.substr(0, slash));
    make_directories(root + (directory.empty() ? "/" : directory));
    copy_content(path, root + directory + path.substr(slash));
}

static void add_program(const std::string& root, const std::string& path) {
    copy_to_same_place(root, path);
    for (const auto& library : elf_dependencies(path)) copy_to_same_place(root, library);
    const std::string interpreter = script_interpreter(path);
    if (!interpreter.empty() && file_exists(interpreter)) add_program(root, interpreter);
}

// Where the host has merged /bin into /usr/bin its links are repeated; otherwise the root gets
// directories. A root that is there already keeps what it has.
static void make_skeleton(const std::string& root) {
    make_directories(root);
    for (const char* name : kDirectories) {
        const std::string on_host = std::string{"/"} + name;
        char target[PATH_MAX];
        const auto length = ::readlink(on_host.c_str(), target, sizeof target - 1);
        const std::string in_root = root + on_host;
        if (length > 0 && target[0] != '/' && !file_exists(in_root)) {
            target[length] = '\0';
            make_directories(root + "/" + target);
            check(::symlink(target, in_root.c_str()), "symlink", in_root);
        } else if (!file_exists(in_root)) {
            make_directories(in_root);
        }
    }
    check(::chmod((root + "/tmp").c_str(), 01777), "chmod", root + "/tmp");
}

static void write_if_missing(const std::string& path, std::string_view text) {
    if (!file_exists(path)) write_file(path, text);
}

static void write_configuration(const std::string& root) {
    write_if_missing(root + "/etc/passwd",
                     "root:x:0:0:root:/root:/bin/sh\n"
                     "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
    write_if_missing(root + "/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
    write_if_missing(root + "/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
    write_if_missing(root + "/etc/os-release",
                     "NAME=\"Slipway host root\"\nID=slipway\n"
                     "PRETTY_NAME=\"Slipway host root\"\nVERSION_ID=" +
                         std::string{kVersion} + "\n");
}

std::vector<std::string> build_rootfs(const std::string& directory,
                                      const std::vector<std::string>& programs,
                                      std::span<const std::string_view> optional_programs) {
    make_skeleton(directory);
    for (const auto& program : programs) {
        const auto path = find_program(program);
        if (!path) throw Failure{"copy " + printable(program) + ": no such program on this host"};
        add_program(directory, real_path(path->substr(0, path->rfind('/') + 1)) +
                                   path->substr(path->rfind('/')));
    }
    std::vector<std::string> missing;
    for (const auto program : optional_programs) {
        const auto path = find_program(std::string{program});
        if (path)
            add_program(directory, *path);
        else
            missing.emplace_back(program);
    }
    write_configuration(directory);
    return missing;
}
