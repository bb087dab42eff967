#include "stage6-daemon-shim/features/isolation/system_paths.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr unsigned kNullMajor = 1, kNullMinor = 3;
static constexpr unsigned kCovered =
    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

std::vector<std::string> default_masked_paths() {
    std::vector<std::string> paths = {
        "/proc/acpi",        "/proc/asound",  "/proc/interrupts",
        "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
        "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"};
    // How warm a core is tells what a neighbour computes.
    const long cpus = ::sysconf(_SC_NPROCESSORS_CONF);  // reads a file
    for (long cpu = 0; cpu < cpus; ++cpu) {
        std::string path =
            "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/thermal_throttle";
        if (file_exists(path)) paths.push_back(std::move(path));
    }
    return paths;
}

std::vector<std::string> default_read_only_paths() {
    return {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
}

// /dev/null of the container's own /dev, which step 7 made. Checked all the same: what covers a
// secret must not be somebody's file (CVE-2025-31133).
static Fd clone_of_null() {
    Fd mount = clone_mount("/dev/null", false);
    struct stat status {};
    check(::fstat(mount.get(), &status), "stat", "/dev/null");
    if (!S_ISCHR(status.st_mode) || status.st_rdev != ::makedev(kNullMajor, kNullMinor)) {
        throw Failure{"mask with /dev/null: it is not the device of that name"};
    }
    return mount;
}

// The place itself, or nothing where there is none. Most machines lack some of them, and the first
// exception of a static program sorts all its unwind tables: asked first, a start is 1 ms shorter.
static Fd place_of(int root, const std::string& path) {
    const std::string below = "./" + path;
    if (::faccessat(root, below.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == -1 && errno == ENOENT) {
        return {};
    }
    try {
        return open_in_root(root, path, O_PATH, Links::refused);
    } catch (const SystemError& error) {
        if (error.error() != ENOENT && error.error() != ENOTDIR) throw;
        return {};
    }
}

static void mask(int root, const std::string& path) {
    const Fd place = place_of(root, path);
    if (!place) return;
    struct stat status {};
    check(::fstat(place.get(), &status), "stat", path);
    const Fd cover =
        S_ISDIR(status.st_mode) ? new_file_system("tmpfs", {}, kCovered) : clone_of_null();
    attach_mount(cover.get(), place.get(), path);
}

static void make_read_only(int root, const std::string& path) {
    const Fd place = place_of(root, path);
    if (!place) return;
    // The clone keeps nosuid, nodev and noexec of what it is cloned from.
    const Fd mount = clone_mount(path);
    set_mount_attributes(mount.get(), MOUNT_ATTR_RDONLY, true, path);
    attach_mount(mount.get(), place.get(), path);
}

static void make_writable(const std::string& path) {
    const Fd place{check(::open(path.c_str(), O_PATH | O_CLOEXEC), "open", path)};
    mount_attr change{};
    change.attr_clr = MOUNT_ATTR_RDONLY;
    check(::mount_setattr(place.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change),
          "mount_setattr", path);
}

void cover_system_paths(Launch& launch) {
    if (!launch.spec.isolated) return;
    const JsonReader annotations = JsonReader{launch.spec.document}.get_object("annotations");
    // A mount that is locked by a user namespace stays as it is (EPERM): it is not ours to open.
    if (annotations.get_string(kWritableSystemAnnotation) == "true" && !launch.has(CLONE_NEWUSER)) {
        make_writable("/sys");
    }
    const JsonReader linux_part = JsonReader{launch.spec.document}.get_object("linux");
    const Fd root{check(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "open", "/")};
    for (const auto& path : linux_part.get_strings("readonlyPaths")) {
        make_read_only(root.get(), path);
    }
    for (const auto& path : linux_part.get_strings("maskedPaths")) mask(root.get(), path);
}

void set_kernel_parameters(Launch& launch) {
    const JsonReader linux_part = JsonReader{launch.spec.document}.get_object("linux");
    for (const auto& [name, value] : linux_part.get_string_map("sysctl")) {
        std::string path = "/proc/sys/" + name;
        std::replace(path.begin(), path.end(), '.', '/');
        write_control_file(path, value);
    }
}
