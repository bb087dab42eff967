// User namespaces: root inside, an ordinary user outside. user_namespaces(7).
#pragma once

#include <sys/types.h>

#include <string>

// Maps user 0 and group 0 inside to the caller's own ids outside, for a child that was born into a
// new user namespace and has not gone on yet. Only one id each: more needs root or newuidmap(1).
// Throws SystemError naming the file; `setgroups` must be given up first, or the kernel refuses
// the group map, since a user could drop a group that a file's mode shuts out.
void map_root_to_caller(pid_t child);

// Why this machine forbids user namespaces to ordinary programs, and the way out, in one line.
std::string hint_for_user_namespace();
