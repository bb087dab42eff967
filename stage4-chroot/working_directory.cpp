#include "stage4-chroot/working_directory.hpp"

#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/error.hpp"

void enter_working_directory(const std::string& path) {
    check(::chdir(path.c_str()), "chdir", path);
    // The kernel calls a directory that cannot be reached from / "(unreachable)/..." (getcwd(3)):
    // a leaked descriptor or a trick with /proc/self/fd led outside (CVE-2024-21626).
    char directory[PATH_MAX];
    const auto length = ::syscall(SYS_getcwd, directory, sizeof directory);
    if (length == -1 || directory[0] != '/') {
        throw Failure{"chdir " + printable(path) + ": it lies outside the root"};
    }
}
