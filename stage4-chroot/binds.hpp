// Files and directories of the host inside the root: -v SRC:DST[:ro].
#pragma once

#include <string>
#include <vector>

struct Bind {
    std::string source;       // a path of the host
    std::string destination;  // a path inside the root
    bool read_only = false;
};

// Mounts each in the root (an O_PATH or directory descriptor); destinations are made where they
// are missing, and a link on the way there is followed as if the root were /. Throws SystemError;
// Failure for a destination in /proc.
void mount_binds(int root, const std::vector<Bind>& binds);
