#include "stage4-chroot/breakout.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/process.hpp"

// Which directory this is: two paths with equal numbers lead to the same one, by the same mount.
struct Place {
    std::uint64_t mount, device, inode;
    bool operator==(const Place&) const = default;
};

static Place place_of(const char* path) {
    struct statx status {};
    const unsigned wanted = STATX_INO | STATX_MNT_ID;
    check(::statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, wanted, &status), "statx", path);
    const auto device = (std::uint64_t{status.stx_dev_major} << 32) | status.stx_dev_minor;
    return {status.stx_mnt_id, device, status.stx_ino};
}

void break_out_of_chroot(const std::vector<std::string>& command) {
    const Place root_before = place_of("/");

    // 1. Stay where we are, and move the root below us: chroot(2) does not change the working
    //    directory. Any directory will do.
    check(::chdir("/"), "chdir", "/");
    const bool made = ::mkdir(".way-out", 0700) == 0;
    const char* below = made ? ".way-out" : "proc";
    const Fd here{check(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", ".")};
    check(::chroot(below), "chroot", below);
    if (made) ::unlinkat(here.get(), below, AT_REMOVEDIR);

    // 2. `..` stops at the root of the process. That one is below us now, so nothing stops us
    //    before the top of all mounts, where `..` leads to itself.
    Place place = place_of(".");
    for (bool at_the_top = false; !at_the_top;) {
        check(::chdir(".."), "chdir", "..");
        const Place above = place_of(".");
        at_the_top = above == place;
        place = above;
    }

    // 3. Take it for our root.
    check(::chroot("."), "chroot", ".");
    if (place_of("/") == root_before) {
        throw Failure{"break out: / is the same directory as before, and there is none above it"};
    }
    execute(command, current_environment());
}
