// What a process can see: the kinds of namespaces, a child born into new ones, and the few steps
// that make them usable. namespaces(7), clone(2), article 3 step 1, article 4 step 1.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// CLONE_NEW... flags, or-ed.
using NamespaceSet = std::uint64_t;

struct NamespaceKind {
    std::string_view name;  // as in /proc/PID/ns: "pid", "mnt", ...
    NamespaceSet flag;
    std::string_view isolates;
};

// All eight kinds, in the order of the articles' tables.
std::span<const NamespaceKind> namespace_kinds();

// What a container gets unless told otherwise: all kinds but user and time.
NamespaceSet default_namespaces();

// "pid,mnt" as flags. Throws UsageError that lists the names when one is unknown.
NamespaceSet parse_namespaces(std::string_view comma_separated);

// Like fork: returns 0 in the child, which is the first process of its new namespaces (PID 1 where
// there is a new PID namespace). The cgroup namespace is left out: see enter_cgroup_namespace.
// `cgroup` is a descriptor of a cgroup v2 directory to be born in (stage 5), or -1 to stay in ours.
// Throws SystemError with the reason and the way out where a rule of this machine forbids it.
pid_t fork_into_namespaces(NamespaceSet namespaces, int cgroup = -1);

// A new cgroup namespace takes the group in which the process is *now* as its root. So it comes
// after the process has joined its group, and is never a flag of clone (cgroup_namespaces(7)).
void enter_cgroup_namespace();

// Makes every mount of this mount namespace private, so that nothing that is mounted here shows up
// outside. On most machines / is shared, and a new namespace inherits that (mount_namespaces(7)).
void make_mounts_private();

// Mounts a proc of the new PID namespace over /proc: the old one shows the processes outside.
void mount_new_proc();

// sethostname(2): needs a UTS namespace of our own, or it renames the host.
void set_hostname(const std::string& name);

// 1 to 64 letters, digits, dots and hyphens, beginning and ending with no hyphen: what the kernel
// and every program that prints it can take. Throws UsageError.
void check_hostname(std::string_view name);

// A new network namespace has one interface, lo, and it is down: 127.0.0.1 does not answer.
void bring_loopback_up();
