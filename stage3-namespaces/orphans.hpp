// What a command leaves running behind it. With a PID namespace there is nothing to do: when its
// process 1 ends the kernel kills all others (pid_namespaces(7)). Without one (--share pid) they
// would live on, on the host.
#pragma once

#include <sys/types.h>

// The parent of a process; 0 when it has ended, or its parent is not in our PID namespace.
pid_t parent_of(pid_t pid);

// Makes us the parent of every process below us whose own parent ends (PR_SET_CHILD_SUBREAPER,
// prctl(2)). Before the command is started.
void adopt_orphans();

// Kills and reaps all our children, and theirs, which become ours. For a process that has no child
// that is to live. One that runs as another user, which we may not kill, is left.
void end_orphans();
