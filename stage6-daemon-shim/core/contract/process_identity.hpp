// Which process was meant: a number alone may belong to somebody else by now. proc(5),
// pidfd_open(2).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "common/fd.hpp"

struct ProcessIdentity {
    pid_t pid = 0;
    std::uint64_t start_time = 0;  // clock ticks since boot, field 22 of /proc/PID/stat

    bool operator==(const ProcessIdentity&) const = default;
};

// This boot of the kernel: start times of another one mean nothing.
std::string boot_id();

// Of a process that is there. Throws SystemError when it is not.
ProcessIdentity identity_of(pid_t pid);

// R running, S asleep, D asleep where no signal reaches it, T stopped, Z ended: field 3 of
// /proc/PID/stat. '?' when it is not there.
char state_of(pid_t pid);

// A descriptor of the process (a pidfd) that becomes readable when it ends, also for a process
// that is not our child. Empty when it has ended already. `boot` is the boot of the record.
Fd open_process(const ProcessIdentity& process, const std::string& boot);

// Sends SIGKILL to that very process; false when it has ended already.
bool kill_process(const ProcessIdentity& process, const std::string& boot);
