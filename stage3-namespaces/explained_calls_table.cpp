#include "stage3-namespaces/explained_calls_table.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

static constexpr FlagName kCloneFlags[] = {
    {CLONE_NEWPID, "CLONE_NEWPID"},       {CLONE_NEWNET, "CLONE_NEWNET"},
    {CLONE_NEWNS, "CLONE_NEWNS"},         {CLONE_NEWUTS, "CLONE_NEWUTS"},
    {CLONE_NEWIPC, "CLONE_NEWIPC"},       {CLONE_NEWUSER, "CLONE_NEWUSER"},
    {CLONE_NEWCGROUP, "CLONE_NEWCGROUP"}, {CLONE_NEWTIME, "CLONE_NEWTIME"},
    {CLONE_PIDFD, "CLONE_PIDFD"},         {CLONE_INTO_CGROUP, "CLONE_INTO_CGROUP"}};

static constexpr FlagName kMountFlags[] = {
    {MS_RDONLY, "MS_RDONLY"}, {MS_NOSUID, "MS_NOSUID"},   {MS_NODEV, "MS_NODEV"},
    {MS_NOEXEC, "MS_NOEXEC"}, {MS_REMOUNT, "MS_REMOUNT"}, {MS_BIND, "MS_BIND"},
    {MS_REC, "MS_REC"},       {MS_PRIVATE, "MS_PRIVATE"}, {MS_SLAVE, "MS_SLAVE"}};

static constexpr FlagName kMountAttributes[] = {{MOUNT_ATTR_RDONLY, "MOUNT_ATTR_RDONLY"},
                                                {MOUNT_ATTR_NOSUID, "MOUNT_ATTR_NOSUID"},
                                                {MOUNT_ATTR_NODEV, "MOUNT_ATTR_NODEV"},
                                                {MOUNT_ATTR_NOEXEC, "MOUNT_ATTR_NOEXEC"}};

static constexpr FlagName kTreeFlags[] = {{AT_RECURSIVE, "AT_RECURSIVE"},
                                          {AT_EMPTY_PATH, "AT_EMPTY_PATH"},
                                          {OPEN_TREE_CLONE, "OPEN_TREE_CLONE"},
                                          {OPEN_TREE_CLOEXEC, "OPEN_TREE_CLOEXEC"}};

static constexpr FlagName kUnmountFlags[] = {{MNT_DETACH, "MNT_DETACH"}, {MNT_FORCE, "MNT_FORCE"}};

static constexpr FlagName kCloseFlags[] = {{CLOSE_RANGE_CLOEXEC, "CLOSE_RANGE_CLOEXEC"},
                                           {CLOSE_RANGE_UNSHARE, "CLOSE_RANGE_UNSHARE"}};

bool is_library_fork(const TracedCall& call) {
    return call.number == SYS_clone && (call.arguments[0] & CLONE_CHILD_SETTID) != 0;
}

static std::string describe_clone(const TracedCall& call) {
    if (is_library_fork(call)) return "fork()";
    const bool is_new = call.number == SYS_clone3;
    // The flags are the first field of clone3's structure; clone has the signal in the lowest byte.
    const std::uint64_t flags =
        is_new ? call.number_at(call.arguments[0]) : call.arguments[0] & ~std::uint64_t{0xff};
    return std::string{is_new ? "clone3(" : "clone("} + names_of_flags(flags, kCloneFlags) + ")";
}

static std::string describe_mount(const TracedCall& call) {
    return "mount(" + call.text(0) + ", " + call.text(1) + ", " + call.text(2) + ", " +
           names_of_flags(call.arguments[3], kMountFlags) + ")";
}

static std::string describe_mknod(const TracedCall& call) {
    const auto device = call.arguments[3];
    return "mknodat(" + call.file(0) + ", " + call.text(1) + ", " +
           std::to_string(::gnu_dev_major(device)) + ":" + std::to_string(::gnu_dev_minor(device)) +
           ")";
}

static std::string describe_fsconfig(const TracedCall& call) {
    if (call.integer(1) != FSCONFIG_CMD_CREATE) return {};
    return "fsconfig(" + call.mount(0) + ", FSCONFIG_CMD_CREATE)";
}

static std::string describe_mount_setattr(const TracedCall& call) {
    const std::uint64_t attributes = call.number_at(call.arguments[3]);  // attr_set, the first
    return "mount_setattr(" + call.mount(0) + ", " + names_of_flags(call.arguments[2], kTreeFlags) +
           ", " + names_of_flags(attributes, kMountAttributes) + ")";
}

static std::string describe_ioctl(const TracedCall& call) {
    if (call.arguments[1] != SIOCSIFFLAGS) return {};
    const std::string request = call.bytes_at(call.arguments[2], sizeof(ifreq));
    if (request.size() != sizeof(ifreq)) return {};
    ifreq interface {};
    std::memcpy(&interface, request.data(), sizeof interface);
    interface.ifr_name[IFNAMSIZ - 1] = '\0';
    return "ioctl(SIOCSIFFLAGS, " + quoted(interface.ifr_name) +
           ((interface.ifr_flags & IFF_UP) != 0 ? ", IFF_UP)" : ", 0)");
}

static std::string describe_prctl(const TracedCall& call) {
    const int argument = call.integer(1);
    if (call.integer(0) == PR_SET_PDEATHSIG) {
        const char* const signal = ::sigabbrev_np(argument);
        return std::string{"prctl(PR_SET_PDEATHSIG, "} +
               (signal == nullptr ? std::to_string(argument) : std::string{"SIG"} + signal) + ")";
    }
    constexpr FlagName names[] = {{PR_SET_CHILD_SUBREAPER, "PR_SET_CHILD_SUBREAPER"},
                                  {PR_SET_NO_NEW_PRIVS, "PR_SET_NO_NEW_PRIVS"},
                                  {PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS"},
                                  {PR_CAPBSET_DROP, "PR_CAPBSET_DROP"}};
    const auto* const name = std::ranges::find(names, call.arguments[0], &FlagName::bits);
    if (name == std::end(names)) return {};
    return std::string{"prctl("} + name->name + ", " + std::to_string(argument) + ")";
}

static bool is_cgroup_file(const std::string& path) {
    struct statfs place {};
    if (::statfs(path.c_str(), &place) == -1) return false;
    return place.f_type == CGROUP2_SUPER_MAGIC || place.f_type == CGROUP_SUPER_MAGIC;
}

static std::string describe_write(const TracedCall& call) {
    const std::string path = call.file(0);
    const bool is_map = path.ends_with("/uid_map\"") || path.ends_with("/gid_map\"") ||
                        path.ends_with("/setgroups\"");
    if (!is_map && !is_cgroup_file(call.link(0))) return {};
    constexpr std::uint64_t bytes_max = 100;
    return "write(" + path + ", " +
           quoted(call.bytes_at(call.arguments[1], std::min(call.arguments[2], bytes_max))) + ")";
}

// Of directories the groups alone: those of a root are many.
static std::string describe_group(const TracedCall& call, std::size_t path, const char* name) {
    const std::string text = call.text(path);
    const std::string above = text.substr(1, text.rfind('/') - 1);
    if (!text.starts_with("\"/") || !is_cgroup_file(above)) return {};
    return name + ("(" + text + ")");
}

static std::string with_text(const TracedCall& call, const char* name) {
    return name + ("(" + call.text(0) + ")");
}

static const ExplainedCall kCalls[] = {
    {SYS_clone3, "clone(2)", describe_clone, "ls -l /proc/%/ns"},
    {SYS_clone, "clone(2)", describe_clone, "ls -l /proc/%/ns"},
    {SYS_unshare, "unshare(2)",
     [](const TracedCall& call) {
         return "unshare(" + names_of_flags(call.arguments[0], kCloneFlags) + ")";
     },
     "ls -l /proc/%/ns"},
    {SYS_setns, "setns(2)",
     [](const TracedCall& call) {
         return "setns(" + call.file(0) + ", " + names_of_flags(call.arguments[1], kCloneFlags) +
                ")";
     },
     "ls -l /proc/%/ns"},
    {SYS_write, "write(2)", describe_write, "cat @"},
    {SYS_prctl, "prctl(2)", describe_prctl, ""},
    {SYS_mount, "mount(2)", describe_mount, "cat /proc/%/mountinfo"},
    {SYS_umount2, "umount(2)",
     [](const TracedCall& call) {
         return "umount2(" + call.text(0) + ", " +
                names_of_flags(call.arguments[1], kUnmountFlags) + ")";
     },
     "cat /proc/%/mountinfo"},
    {SYS_sethostname, "sethostname(2)",
     [](const TracedCall& call) {
         return "sethostname(" + quoted(call.bytes_at(call.arguments[0], call.arguments[1])) + ")";
     },
     "nsenter --target % --uts hostname"},
    {SYS_ioctl, "netdevice(7)", describe_ioctl, "nsenter --target % --net ip address"},
    {SYS_open_tree, "open_tree(2)",
     [](const TracedCall& call) {
         return "open_tree(" + call.text(1) + ", " + names_of_flags(call.arguments[2], kTreeFlags) +
                ")";
     },
     "ls -l /proc/%/fd"},
    {SYS_fsopen, "fsopen(2)", [](const TracedCall& call) { return with_text(call, "fsopen"); },
     "ls -l /proc/%/fd"},
    {SYS_fsconfig, "fsconfig(2)", describe_fsconfig, ""},
    {SYS_fsmount, "fsmount(2)",
     [](const TracedCall& call) {
         return "fsmount(" + call.mount(0) + ", " +
                names_of_flags(call.arguments[2], kMountAttributes) + ")";
     },
     "ls -l /proc/%/fd"},
    {SYS_mount_setattr, "mount_setattr(2)", describe_mount_setattr, "cat /proc/%/mountinfo"},
    {SYS_move_mount, "move_mount(2)",
     [](const TracedCall& call) {
         return "move_mount(" + call.mount(0) + ", " + call.file(2) + ")";
     },
     "cat /proc/%/mountinfo"},
    {SYS_mknodat, "mknod(2)", describe_mknod, "ls -l /proc/%/root/dev"},
    {SYS_fchdir, "chdir(2)", [](const TracedCall& call) { return "fchdir(" + call.file(0) + ")"; },
     "ls -l /proc/%/cwd"},
    {SYS_chdir, "chdir(2)", [](const TracedCall& call) { return with_text(call, "chdir"); },
     "ls -l /proc/%/cwd"},
    {SYS_pivot_root, "pivot_root(2)",
     [](const TracedCall& call) {
         return "pivot_root(" + call.text(0) + ", " + call.text(1) + ")";
     },
     "ls /proc/%/root/"},
    {SYS_chroot, "chroot(2)", [](const TracedCall& call) { return with_text(call, "chroot"); },
     "ls /proc/%/root/"},
#ifdef SYS_mkdir  // aarch64 has the two below alone
    {SYS_mkdir, "mkdir(2)", [](const TracedCall& call) { return describe_group(call, 0, "mkdir"); },
     "ls -d @"},
    {SYS_rmdir, "rmdir(2)", [](const TracedCall& call) { return describe_group(call, 0, "rmdir"); },
     "ls -d @"},
#endif
    {SYS_mkdirat, "mkdir(2)",
     [](const TracedCall& call) { return describe_group(call, 1, "mkdir"); }, "ls -d @"},
    {SYS_unlinkat, "rmdir(2)",
     [](const TracedCall& call) {
         return call.integer(2) == AT_REMOVEDIR ? describe_group(call, 1, "rmdir") : std::string{};
     },
     "ls -d @"},
    {SYS_close_range, "close_range(2)",
     [](const TracedCall& call) {
         const std::string last = call.integer(1) == -1 ? "~0" : std::to_string(call.integer(1));
         return "close_range(" + std::to_string(call.integer(0)) + ", " + last + ", " +
                names_of_flags(call.arguments[2], kCloseFlags) + ")";
     },
     "ls -l /proc/%/fd"},
    {SYS_prlimit64, "prlimit(2)",
     [](const TracedCall& call) {
         if (call.arguments[2] == 0) return std::string{};  // it asks only
         return "setrlimit(" + std::to_string(call.integer(1)) + ", " +
                std::to_string(call.number_at(call.arguments[2])) + ")";
     },
     "cat /proc/%/limits"},
    {SYS_setgroups, "setgroups(2)",
     [](const TracedCall& call) {
         return "setgroups(" + std::to_string(call.integer(0)) + " groups)";
     },
     "cat /proc/%/status"},
    {SYS_setresgid, "setresgid(2)",
     [](const TracedCall& call) { return "setresgid(" + std::to_string(call.integer(1)) + ")"; },
     "cat /proc/%/status"},
    {SYS_setresuid, "setresuid(2)",
     [](const TracedCall& call) { return "setresuid(" + std::to_string(call.integer(1)) + ")"; },
     "cat /proc/%/status"},
    {SYS_seccomp, "seccomp(2)",
     [](const TracedCall& call) {
         if (call.arguments[0] != SECCOMP_SET_MODE_FILTER) return std::string{};
         const std::uint64_t count = call.number_at(call.arguments[2]) & 0xffff;  // sock_fprog
         return "seccomp(SECCOMP_SET_MODE_FILTER, " + std::to_string(count) + " instructions)";
     },
     "cat /proc/%/status"},
    {SYS_capset, "capset(2)",
     [](const TracedCall& call) {
         // Effective, permitted and inheritable, the lower 32 of each, then the upper.
         const auto word = [&](std::uint64_t i) {
             return call.number_at(call.arguments[1] + 4 * i) & 0xffffffff;
         };
         char set[40];
         std::snprintf(set, sizeof set, "effective %#llx",
                       static_cast<unsigned long long>(word(0) | word(3) << 32));
         return std::string{"capset("} + set + ")";
     },
     "cat /proc/%/status"},
    {SYS_execve, "execve(2)", [](const TracedCall& call) { return with_text(call, "execve"); },
     "ls -l /proc/%/exe"},
};

const ExplainedCall* explained_call(long number) {
    const auto* const found = std::ranges::find(kCalls, number, &ExplainedCall::number);
    return found == std::end(kCalls) ? nullptr : found;
}
