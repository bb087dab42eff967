#include "tests/classroom/grade/sandbox_mounts.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdlib>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "tests/classroom/grade/sandbox.hpp"

static bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// Memory of its own over a directory of the host, which is hidden by it.
static void cover(const std::string& path, const char* size, const char* mode) {
    if (!is_directory(path)) return;
    const MountOption options[] = {{"size", size}, {"mode", mode}, {"nr_inodes", "20000"}};
    const Fd mount = new_file_system("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    const Fd target{check(::open(path.c_str(), O_PATH | O_CLOEXEC), "open", path)};
    attach_mount(mount.get(), target.get(), path);
}

// "\040" of mountinfo is a space (proc(5)).
static std::string without_escapes(const std::string& text) {
    std::string path;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 3 < text.size()) {
            path += static_cast<char>(std::stoi(text.substr(at + 1, 3), nullptr, 8));
            at += 3;
        } else {
            path += text[at];
        }
    }
    return path;
}

static bool is_below(const std::string& path, const std::string& directory) {
    return path == directory || path.starts_with(directory + "/");
}

// Not what the kernel guards itself: the program under test mounts its own proc and sysfs, which
// may be no more open than the ones here.
static void make_host_read_only() {
    std::istringstream lines{read_file("/proc/self/mountinfo")};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields{line};
        std::string field;
        for (int i = 0; i < 5; ++i) fields >> field;
        const std::string path = without_escapes(field);
        if (is_below(path, "/proc") || is_below(path, "/sys") || is_below(path, "/dev")) continue;
        const Fd place{::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
        if (!place) continue;  // below another mount, so not to be seen
        mount_attr attributes{};
        attributes.attr_set = MOUNT_ATTR_RDONLY;
        // EINVAL: no mount's root, since something else is mounted on top.
        if (::mount_setattr(place.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) == -1 &&
            errno != EINVAL) {
            throw SystemError{errno, "make read-only", path};
        }
    }
}

static void attach_read_only(const Fd& mount, const std::string& path) {
    set_mount_attributes(mount.get(), MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, true, path);
    struct stat status {};
    check(::fstat(mount.get(), &status), "stat", path);
    if (S_ISDIR(status.st_mode)) {
        check(::mkdir(path.c_str(), 0755), "mkdir", path);
    } else {
        write_file(path, "");
    }
    const Fd target{check(::open(path.c_str(), O_PATH | O_CLOEXEC), "open", path)};
    attach_mount(mount.get(), target.get(), path);
}

void arrange_mounts(const SandboxMounts& mounts) {
    // Taken before what they lie in is covered.
    const Fd tests = clone_mount(mounts.build + "/tests");
    std::vector<std::pair<std::string, Fd>> programs;
    for (const auto& name : mounts.programs) {
        programs.emplace_back(name, clone_mount(mounts.build + "/" + name));
    }
    const Fd submission = clone_mount(mounts.submission);
    make_host_read_only();
    const char* home = std::getenv("HOME");
    if (home != nullptr && std::string{home}.size() > 1) cover(home, "1m", "0755");
    cover("/run", "1m", "0755");
    cover("/var/tmp", "16m", "1777");
    cover("/dev/shm", "64m", "1777");
    cover("/dev/mqueue", "1m", "1777");
    for (const auto& directory : mounts.hidden) cover(directory, "1m", "0755");
    cover("/tmp", "512m", "1777");
    check(::mkdir(kBuildInside.c_str(), 0755), "mkdir", kBuildInside);
    attach_read_only(tests, kBuildInside + "/tests");
    for (const auto& [name, program] : programs)
        attach_read_only(program, kBuildInside + "/" + name);
    attach_read_only(submission, kSubmissionInside);
    check(::mkdir(kWorkInside.c_str(), 0777), "mkdir", kWorkInside);
    check(::chmod(kWorkInside.c_str(), 0777), "chmod", kWorkInside);
}
