#include "stage3-namespaces/namespaces.hpp"

#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/process.hpp"
#include "stage3-namespaces/clone_hints.hpp"

static constexpr NamespaceKind kKinds[] = {
    {"pid", CLONE_NEWPID, "process numbers"},
    {"net", CLONE_NEWNET, "interfaces, addresses, ports"},
    {"mnt", CLONE_NEWNS, "mounts"},
    {"uts", CLONE_NEWUTS, "the host name"},
    {"ipc", CLONE_NEWIPC, "shared memory, message queues"},
    {"user", CLONE_NEWUSER, "user and group numbers"},
    {"cgroup", CLONE_NEWCGROUP, "the root of the cgroup tree"},
    {"time", CLONE_NEWTIME, "boot and monotonic clocks"},
};

static constexpr std::size_t kHostnameBytesMax = 64;  // __NEW_UTS_LEN in linux/utsname.h

std::span<const NamespaceKind> namespace_kinds() {
    return kKinds;
}

NamespaceSet default_namespaces() {
    return CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
           CLONE_NEWCGROUP;
}

static NamespaceSet flag_of(std::string_view name) {
    std::string known;
    for (const auto& kind : kKinds) {
        if (kind.name == name) return kind.flag;
        known.append(known.empty() ? "" : ", ").append(kind.name);
    }
    throw UsageError{"no namespace is called '" + printable(name) + "' (there are " + known + ")"};
}

NamespaceSet parse_namespaces(std::string_view comma_separated) {
    NamespaceSet set = 0;
    while (true) {
        const auto comma = comma_separated.find(',');
        set |= flag_of(comma_separated.substr(0, comma));
        if (comma == std::string_view::npos) return set;
        comma_separated.remove_prefix(comma + 1);
    }
}

pid_t fork_into_namespaces(NamespaceSet namespaces, int cgroup) {
    clone_args arguments{};
    arguments.flags = namespaces & ~static_cast<NamespaceSet>(CLONE_NEWCGROUP);
    if (cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = static_cast<unsigned>(cgroup);
    }
    try {
        return clone_process(arguments);
    } catch (const SystemError& error) {
        throw SystemError{
            error.error(), "create the namespaces", {}, hint_for_clone(error.error(), namespaces)};
    }
}

void enter_cgroup_namespace() {
    if (::unshare(CLONE_NEWCGROUP) == 0) return;
    throw SystemError{errno, "unshare", "cgroup namespace",
                      errno == EINVAL ? "this kernel has none: --share cgroup" : ""};
}

void make_mounts_private() {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return;
    const char* hint = errno == EINVAL ? "/ is not a mount point: is this inside a chroot?" : "";
    throw SystemError{errno, "make private", "/", hint};
}

void mount_new_proc() {
    if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0) return;
    // A user namespace may mount proc only where it already sees one that nothing covers.
    throw SystemError{
        errno, "mount proc on", "/proc",
        errno == EPERM ? "parts of /proc are covered, as inside another container" : ""};
}

void set_hostname(const std::string& name) {
    check(::sethostname(name.data(), name.size()), "sethostname", name);
}

void check_hostname(std::string_view name) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    const bool good = !name.empty() && name.size() <= kHostnameBytesMax &&
                      name.find_first_not_of(letters) == std::string_view::npos &&
                      name.front() != '-' && name.back() != '-';
    if (good) return;
    throw UsageError{"--hostname '" + printable(name) +
                     "': 1 to 64 letters, digits, dots and hyphens are allowed"};
}

void bring_loopback_up() {
    const Fd socket{check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")};
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring up", "lo");
}
