// What a container leaves behind that lives.
#pragma once

// Reaps every child that has ended and sends SIGKILL to the others: orphans that the kernel gave us
// as their subreaper (prctl(2), PR_SET_CHILD_SUBREAPER). True while there are any; those of theirs
// become ours when they die, so come back.
bool reap_and_kill_children();
