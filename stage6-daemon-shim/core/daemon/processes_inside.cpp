#include "stage6-daemon-shim/core/daemon/processes_inside.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <memory>

#include "common/error.hpp"

static Fd open_process_namespace(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/pid";
    return Fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
}

static struct stat status_of(const Fd& file) {
    struct stat status {};
    check(::fstat(file.get(), &status), "stat", "a process namespace");
    return status;
}

// Goes up from the process's own namespace; above ours there is nothing to be seen.
static bool is_inside(pid_t pid, const struct stat& wanted) {
    for (Fd place = open_process_namespace(pid); place;
         place = Fd{::ioctl(place.get(), NS_GET_PARENT)}) {
        const struct stat status = status_of(place);
        if (status.st_ino == wanted.st_ino && status.st_dev == wanted.st_dev) return true;
    }
    return false;
}

std::vector<ProcessIdentity> processes_inside(pid_t first) {
    const Fd place = open_process_namespace(first);
    if (!place) return {};  // it has ended, and with it all the others
    const struct stat wanted = status_of(place);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir("/proc"), ::closedir};
    if (!stream) throw SystemError{errno, "read", "/proc"};
    std::vector<ProcessIdentity> found;
    while (const dirent* entry = ::readdir(stream.get())) {
        pid_t pid = 0;
        const char* const end = entry->d_name + std::strlen(entry->d_name);
        if (std::from_chars(entry->d_name, end, pid).ptr != end || pid <= 0) continue;
        try {
            const ProcessIdentity process = identity_of(pid);
            if (is_inside(pid, wanted)) found.push_back(process);
        } catch (const SystemError&) {
            // It has just ended.
        }
    }
    return found;
}

void signal_process(const ProcessIdentity& process, int signal) {
    const Fd descriptor = open_process(process, boot_id());
    if (descriptor) ::syscall(SYS_pidfd_send_signal, descriptor.get(), signal, nullptr, 0);
}
