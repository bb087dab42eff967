// Pausing a container: its processes stop between two instructions and notice nothing, not even a
// signal. cgroups(7); the kernel's cgroup-v2.rst (cgroup.freeze) and freezer-subsystem.rst.
#pragma once

#include <chrono>
#include <string>
#include <vector>

inline constexpr std::chrono::milliseconds kFreezeDeadline{10000};

// Freezes everybody in a container's groups and waits until they stand still. False when none of
// the groups can freeze: no version 2 group, and no freezer among those of version 1. Throws
// Failure at the deadline, after having thawed them: a container is never left half frozen.
bool freeze_all_in(const std::vector<std::string>& directories,
                   std::chrono::milliseconds deadline = kFreezeDeadline);

// Lets them go on. Groups that are not frozen, or not there, are none the worse for it.
void thaw_all_in(const std::vector<std::string>& directories);

// The same for one group; false, or nothing done, where it cannot freeze.
bool start_freezing(const std::string& group);
// Of one that can: whether everybody in it stands still by now. Throws SystemError.
bool is_frozen(const std::string& group);
void thaw(const std::string& group);
