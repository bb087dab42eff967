#include "stage3-namespaces/clone_hints.hpp"

#include <linux/sched.h>

#include <cerrno>

#include "stage3-namespaces/user_namespace.hpp"

std::string hint_for_clone(int error, NamespaceSet namespaces) {
    if (error == EPERM && (namespaces & CLONE_NEWUSER)) return hint_for_user_namespace();
    if (error == EPERM) return "this needs root, or a user namespace: --user";
    // The kernel's words here are "No space left on device" and "Too many users".
    if (error == ENOSPC || error == EUSERS) {
        return "too many namespaces, or too deeply nested: see the limits in /proc/sys/user";
    }
    if (error == EINVAL) return "this kernel lacks one of these kinds: leave it out with --share";
    if (error == EAGAIN) return "too many processes: see ulimit -u and the cgroup's pids.max";
    return {};
}
