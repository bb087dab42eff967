// `show`: in which namespaces a process lives, and whether they are ours. namespaces(7).
#pragma once

#include <sys/types.h>

#include <string>

// A table with one line a kind: its name, its number (the inode of /proc/PID/ns/NAME) and whether
// it is the caller's. Throws SystemError when there is no such process, or it may not be looked at.
std::string namespaces_table(pid_t pid);
