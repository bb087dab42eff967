// A program that nobody can change, not even root in a container that got hold of it.
#pragma once

#include <string>

#include "common/fd.hpp"

// A shim's child runs the shim's program until it becomes the container's: for a moment a file of
// the host's is /proc/PID/exe of a process inside, and `#!/proc/self/exe` in an image makes it one
// for longer. Two engines had their program overwritten through that link (CVE-2019-5736). So
// shims are started from a copy in memory that is sealed (memfd_create(2), F_SEAL_WRITE). All of
// them share its pages.
class SealedProgram {
public:
    // Where the kernel has no executable files in memory (vm.memfd_noexec) it is the file itself.
    // Throws SystemError when the file cannot be read.
    explicit SealedProgram(const std::string& path);

    // For exec, in this process and its children.
    const std::string& path() const { return path_; }

private:
    Fd copy_;
    std::string path_;
};
