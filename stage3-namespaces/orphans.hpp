// What a command leaves running behind it. With a PID namespace there is nothing to do: when its
// process 1 ends the kernel kills all others (pid_namespaces(7)). Without one (--share pid) they
// would live on, on the host.
#pragma once

#include <sys/types.h>

#include <vector>

// The parent of a process; 0 when it has ended, or its parent is not in our PID namespace.
pid_t parent_of(pid_t pid);

// Makes us the parent of every process below us whose own parent ends (PR_SET_CHILD_SUBREAPER,
// prctl(2)). Before the command is started. Returns the children that we have already and that are
// not the command's: a shell that becomes us by exec leaves us its background jobs.
std::vector<pid_t> adopt_orphans();

// Kills and reaps all our children but the earlier ones, and theirs, which become ours. One that
// runs as another user, which we may not kill, is left.
void end_orphans(const std::vector<pid_t>& earlier_children);
