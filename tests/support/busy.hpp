// How busy somebody else's process is, and how much it holds.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

// Whether it uses nearly no processor time in the third of a second that follows, or in one soon
// after, and sleeps then: what it has just begun it may finish.
bool is_idle(pid_t pid);

// How many entries a directory has, such as /proc/PID/fd.
std::size_t count_in(const std::string& directory);
