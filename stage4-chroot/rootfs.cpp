#include "stage4-chroot/rootfs.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "stage4-chroot/copy_program.hpp"
#include "stage4-chroot/resolve_in_root.hpp"

// Those that the articles type inside a container, to `umount`; then what the chapters use.
static constexpr std::string_view kHostPrograms[] = {
    "bash",  "sh",    "ls",       "ps",        "hostname", "cat",    "ip",    "dd",
    "echo",  "mount", "umount",   "env",       "id",       "sleep",  "true",  "false",
    "pwd",   "mkdir", "rmdir",    "rm",        "touch",    "cp",     "mv",    "ln",
    "chmod", "head",  "tail",     "wc",        "grep",     "seq",    "sort",  "tr",
    "cut",   "date",  "stat",     "df",        "du",       "uname",  "kill",  "whoami",
    "tty",   "stty",  "readlink", "sha256sum", "tee",      "printf", "nproc", "yes",
    "od",    "expr",  "test",     "mknod",     "chown",    "free",   "top",   "find"};

static constexpr const char* kDirectories[] = {
    "/usr/bin", "/usr/sbin", "/usr/lib", "/bin", "/sbin", "/lib", "/lib64",  "/etc",
    "/proc",    "/sys",      "/dev",     "/tmp", "/root", "/run", "/var/tmp"};

std::span<const std::string_view> host_programs() {
    return kHostPrograms;
}

// Makes a directory as the host has it: where /bin is a link to usr/bin, the root gets that link.
// What is there already stays.
static void make_place(int root, const std::string& place) {
    char target[PATH_MAX];
    const auto length = ::readlink(place.c_str(), target, sizeof target - 1);
    if (length > 0 && target[0] != '/') {
        target[length] = '\0';
        const std::string name = place.substr(place.rfind('/') + 1);
        const std::string parent = place.substr(0, place.size() - name.size());  // with its slash
        make_directory_in_root(root, parent + target, Links::kept_inside);
        const Fd directory = make_directory_in_root(root, parent, Links::kept_inside);
        const int result = ::symlinkat(target, directory.get(), name.c_str());
        if (result == -1 && errno != EEXIST) throw SystemError{errno, "symlink", place};
    }
    make_directory_in_root(root, place, Links::kept_inside);
}

static void make_skeleton(int root) {
    for (const char* place : kDirectories) make_place(root, place);
    const Fd tmp = open_in_root(root, "/tmp", O_RDONLY | O_DIRECTORY, Links::kept_inside);
    check(::fchmod(tmp.get(), 01777), "chmod", "/tmp");
}

static void write_if_missing(int root, const char* name, std::string_view text) {
    const Fd etc = make_directory_in_root(root, "/etc", Links::kept_inside);
    const Fd file{
        ::openat(etc.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)};
    if (!file && errno == EEXIST) return;
    write_all(check(file.get(), "create in the root's /etc", name), text, name);
}

static void write_configuration(int root) {
    // Where the loader finds libraries that lie in none of its own directories (ldconfig(8)). What
    // it names and we did not copy the loader passes over.
    if (file_exists("/etc/ld.so.cache")) copy_to_same_place(root, "/etc/ld.so.cache");
    write_if_missing(root, "passwd",
                     "root:x:0:0:root:/root:/bin/sh\n"
                     "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
    write_if_missing(root, "group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
    write_if_missing(root, "hosts", "127.0.0.1 localhost\n::1 localhost\n");
    write_if_missing(root, "os-release",
                     "NAME=\"Slipway host root\"\nID=slipway\n"
                     "PRETTY_NAME=\"Slipway host root\"\nVERSION_ID=" +
                         std::string{kVersion} + "\n");
}

std::vector<std::string> build_rootfs(const std::string& directory,
                                      const std::vector<std::string>& programs,
                                      std::span<const std::string_view> optional_programs) {
    ::umask(022);  // a root is for all of its users
    make_directories(directory);
    // From here on by descriptor: what a directory holds already may be somebody's trap.
    const Fd root{check(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC),
                        "open the root", directory)};
    make_skeleton(root.get());
    for (const auto& program : programs) {
        const auto path = find_program(program);
        if (!path) throw Failure{"copy " + printable(program) + ": no such program on this host"};
        copy_program(root.get(), *path);
    }
    std::vector<std::string> missing;
    for (const auto program : optional_programs) {
        if (const auto path = find_program(std::string{program}))
            copy_program(root.get(), *path);
        else
            missing.emplace_back(program);
    }
    write_configuration(root.get());
    return missing;
}
