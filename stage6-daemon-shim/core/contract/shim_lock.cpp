#include "stage6-daemon-shim/core/contract/shim_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"

// False when somebody else holds it.
static bool try_lock(int file, int kind) {
    if (retry([&] { return ::flock(file, kind | LOCK_NB); }) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    throw SystemError{errno, "lock", kLockFile};
}

Fd lock_shim(const ContainerDir& directory) {
    fail_point<"open the lock">();
    Fd file = directory.open_file(kLockFile, O_RDWR | O_CREAT);
    fail_point<"lock it">();
    if (!try_lock(file.get(), LOCK_EX)) throw Failure{"a shim of this container is still alive"};
    return file;
}

bool shim_is_alive(const ContainerDir& directory) {
    if (!directory.has(kLockFile)) return false;
    return !try_lock(directory.open_file(kLockFile, O_RDONLY).get(), LOCK_SH);
}
