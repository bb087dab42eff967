// A root directory that lives as long as one run. Article 3 step 2: mkdtemp ... rmtree.
#pragma once

#include <string>

#include "stage3-namespaces/narration.hpp"

// Removes a directory and all in it. Follows no link and crosses no mount: `rm -rf` of a root in
// which something of the host is still mounted removes the host's files. Returns false when
// something is left.
bool remove_tree(const std::string& path);

// The same for a tree in which a process that is just being killed may still be making files:
// tries again for up to five seconds.
bool remove_tree_of_dying(const std::string& path);

// 12 hexadecimal digits from the kernel's random numbers, as docker's short ids.
std::string random_id();

class TemporaryRoot {
public:
    // Chooses a name, container_rootfs_ID in $TMPDIR or /tmp; make() makes the directory.
    TemporaryRoot();
    TemporaryRoot(const TemporaryRoot&) = delete;
    TemporaryRoot& operator=(const TemporaryRoot&) = delete;
    ~TemporaryRoot();

    // Makes the directory, mode 0755. Throws SystemError.
    void make();

    const std::string& path() const { return path_; }

private:
    std::string path_;
    bool made_ = false;
};

// Makes it, fills it with the host's own programs, and says so. Returns its path.
const std::string& make_host_root(TemporaryRoot& root, const Narrator& narrator);
