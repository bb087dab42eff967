// A container whose root is another user outside: its user namespace maps a whole range of ids, and
// what its first process, as that user, could not open, its parent opens beforehand.
// user_namespaces(7), mount_setattr(2), "ID-mapped mounts".
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"

// Below it a machine has users of its own, and a map onto those would be none.
inline constexpr std::uint32_t kMappedIdMin = 65536;

// In the parent, for a child that was born into a new user namespace and has not gone on yet.
void write_user_map(pid_t child, const UserMapSpec& map);

// In the child, when the map is written, or in who has joined the namespace: its user 0 and group
// 0, with no other group. Our own files in /proc are not ours any longer then (PR_SET_DUMPABLE).
void become_mapped_root();

// Mounts that are attached nowhere yet, made in the parent.
struct OutsideMounts {
    std::vector<Fd> layers;  // of the overlay; what belongs to 0 on disk belongs to the mapped root
    Fd writable;             // the directory of upper and work, as it is
    Fd upper, work;          // in that mount
    bool is_volatile = false;  // as in OverlaySpec
    Fd root;                   // a root that is no overlay
    std::vector<Fd> binds;     // as many as the spec has mounts; none for what is opened later
};

// Empty without a user map. Throws SystemError, with a hint where the file system cannot do it.
OutsideMounts open_outside(const Spec& spec);

// In the child, in its own mount namespace: the root's mount, attached.
Fd attach_outside_root(const OutsideMounts& outside);

// Makes upper and work the mapped root's own. A root that is a copy is given to the mapped users
// whole, once: the ids of its files are shifted, that of the directory last.
void hand_over_root(const Spec& spec);
