// The way out of chroot, which leaves a process in its old mount namespace with the old root still
// mounted around the new one. chroot(2), NOTES.
#pragma once

#include <string>
#include <vector>

// Makes / the directory above which there is none, and the working directory too; then becomes the
// command, with the environment that it has. Needs CAP_SYS_CHROOT, as root in a container has it.
// Throws SystemError; ExecError; Failure when / is the same as before: after pivot_root there is
// nothing above it.
[[noreturn]] void break_out_of_chroot(const std::vector<std::string>& command);
