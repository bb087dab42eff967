// Paths inside a root that somebody else filled, and mounts by descriptor. A link in it such as
// /proc -> /etc or /dev -> ../../home must lead nowhere outside: this class of hole was found in
// container engines from 2018 to 2026. openat2(2), open_tree(2), fsopen(2), move_mount(2).
#pragma once

#include <span>
#include <string>

#include "common/fd.hpp"

enum class Links {
    refused,      // for places where we mount: a link there is an attack or a mistake
    kept_inside,  // followed as if the root were /
};

// Opens what lies at `path` inside `root` (an O_PATH or directory descriptor). `flags` are
// open(2)'s. Throws SystemError: ELOOP where links are refused.
Fd open_in_root(int root, const std::string& path, int flags, Links links);

// The directory at `path`, an O_PATH descriptor; what is missing on the way is made, mode 0755,
// one component at a time, each below the descriptor of the one before. Throws SystemError.
Fd make_directory_in_root(int root, const std::string& path, Links links);

// The same for a file to mount another on: made empty if it is missing.
Fd make_file_in_root(int root, const std::string& path, Links links);

struct MountOption {
    const char* name;
    const char* value = nullptr;  // nullptr: a switch
};

// A new file system of this type, mounted nowhere yet, with the MOUNT_ATTR_ flags of
// mount_setattr(2). The descriptor holds it alive: dropped, it is gone.
Fd new_file_system(const char* type, std::span<const MountOption> options, unsigned attributes);

// A copy of the mount at `path` (with those below it), mounted nowhere yet: a bind mount in the
// making. Follows links: the path is the caller's own, not the root's.
Fd clone_mount(const std::string& path, bool recursive = true);

// Puts a mount on the place that `target` holds open. `name` is for the message.
void attach_mount(int mount, int target, const std::string& name);

// Sets MOUNT_ATTR_ flags on a mount, with `recursive` on all below it too.
void set_mount_attributes(int mount, unsigned attributes, bool recursive, const std::string& name);
