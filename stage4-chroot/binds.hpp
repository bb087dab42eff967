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

// Throws Failure when the place that `target` holds open lies in a proc: a file over
// /proc/self/attr/exec or the like makes a program that trusts /proc write elsewhere
// (CVE-2019-16884). Asked of the place itself, since links may lead there.
void refuse_proc(int target, const std::string& destination);
