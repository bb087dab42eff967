#include "stage4-chroot/rootfs.hpp"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "stage4-chroot/copy_program.hpp"

// Those that the articles type inside a container, to `umount`; then what the chapters use.
static constexpr std::string_view kHostPrograms[] = {
    "bash",  "sh",    "ls",       "ps",        "hostname", "cat",    "ip",    "dd",
    "echo",  "mount", "umount",   "env",       "id",       "sleep",  "true",  "false",
    "pwd",   "mkdir", "rmdir",    "rm",        "touch",    "cp",     "mv",    "ln",
    "chmod", "head",  "tail",     "wc",        "grep",     "seq",    "sort",  "tr",
    "cut",   "date",  "stat",     "df",        "du",       "uname",  "kill",  "whoami",
    "tty",   "stty",  "readlink", "sha256sum", "tee",      "printf", "nproc", "yes",
    "od",    "expr",  "test",     "mknod",     "chown",    "free",   "top",   "find"};

static constexpr const char* kDirectories[] = {"bin",      "sbin",    "lib",  "lib64", "usr/bin",
                                               "usr/sbin", "usr/lib", "etc",  "proc",  "sys",
                                               "dev",      "tmp",     "root", "run",   "var/tmp"};

std::span<const std::string_view> host_programs() {
    return kHostPrograms;
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
        copy_program(directory, *path);
    }
    std::vector<std::string> missing;
    for (const auto program : optional_programs) {
        const auto path = find_program(std::string{program});
        if (path)
            copy_program(directory, *path);
        else
            missing.emplace_back(program);
    }
    write_configuration(directory);
    return missing;
}
