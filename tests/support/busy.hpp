// How busy somebody else's process is, and how much it holds.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

// Whether it uses nearly no processor time in the second that follows.
bool is_idle(pid_t pid);

// How many entries a directory has, such as /proc/PID/fd.
std::size_t count_in(const std::string& directory);
