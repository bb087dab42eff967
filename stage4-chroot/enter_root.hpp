// Which files it sees: the mounts of a container's root, and the two ways into it.
// pivot_root(2), chroot(2), mount_namespaces(7); article 3 step 4, article 4 step 2.
#pragma once

#include <string>

#include "common/fd.hpp"

// Whether the namespaces of the caller are its own; decides what can be mounted.
struct RootContext {
    bool own_network = false;  // sysfs shows the network namespace's interfaces
    bool own_ipc = false;      // mqueue belongs to the IPC namespace
    bool own_pids = false;     // proc belongs to the PID namespace
    bool memory_tmp = true;    // /tmp in memory; or else the root's own, which may outlive a run
};

// Mounts the root onto itself, which makes it a mount that can become /, and returns it. Every
// path below is resolved against this descriptor, never again by name.
// Throws SystemError with the root's path, and what is wrong with it.
Fd attach_root(const std::string& rootfs);

// Mounts proc, sys, dev with its devices, pts, shm, mqueue and tmp in the root.
// The article mounts the host's devtmpfs, with every disk of the host in it.
void mount_system_directories(int root, const RootContext& context);

// Makes the root mount itself read-only; what is mounted in it stays as it is.
void make_root_read_only(int root);

// The root becomes /, the old one is unmounted: nothing is left to walk back to.
void enter_by_pivot_root(int root);

// The root becomes / for this process only. A process with CAP_SYS_CHROOT walks out again.
void enter_by_chroot(int root);
