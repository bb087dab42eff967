#include "stage4-chroot/device_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <string>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "stage4-chroot/resolve_in_root.hpp"

struct Device {
    const char* name;
    unsigned major_number, minor_number;  // Documentation/admin-guide/devices.txt
};

static constexpr Device kDevices[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                                      {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

struct Link {
    const char* name;
    const char* target;
};

static constexpr Link kLinks[] = {{"fd", "/proc/self/fd"},
                                  {"stdin", "/proc/self/fd/0"},
                                  {"stdout", "/proc/self/fd/1"},
                                  {"stderr", "/proc/self/fd/2"},
                                  {"ptmx", "pts/ptmx"}};

static void bind_device(int dev, const Device& device) {
    const std::string source = std::string{"/dev/"} + device.name;
    const Fd mount = clone_mount(source, false);
    struct stat status {};
    check(::fstat(mount.get(), &status), "stat", source);
    // Inside another container /dev/null can be anything (CVE-2025-31133).
    if (!S_ISCHR(status.st_mode) ||
        status.st_rdev != ::makedev(device.major_number, device.minor_number)) {
        throw Failure{"bind " + source + ": it is not the device of that name"};
    }
    const Fd target = make_file_in_root(dev, device.name, Links::refused);
    attach_mount(mount.get(), target.get(), source);
}

void make_device_files(int dev) {
    for (const Device& device : kDevices) {
        const auto number = ::makedev(device.major_number, device.minor_number);
        if (::mknodat(dev, device.name, S_IFCHR | 0666, number) == 0) continue;
        if (errno != EPERM) throw SystemError{errno, "mknod", device.name};
        bind_device(dev, device);
    }
    for (const Link& link : kLinks) {
        check(::symlinkat(link.target, dev, link.name), "symlink", link.name);
    }
}
