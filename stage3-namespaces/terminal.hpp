// The terminal that a container shares with the shell that has started it: job control goes on
// working. credentials(7), tcsetpgrp(3), termios(3) on SIGTTIN and SIGTTOU.
#pragma once

#include <sys/signalfd.h>

// Whether the terminal has sent it, as Ctrl-C does: then to a whole process group, and the command,
// which is in ours, has it too. Not all that the kernel sends is from there: alarm(2) is not.
bool is_from_terminal(const signalfd_siginfo& info);

// SIGTSTP (Ctrl-Z), SIGTTIN or SIGTTOU (a background job at the keyboard): a signal that stops.
bool is_stop_signal(int signal);

// Stops this process as the signal would have done had it not been blocked, so that the shell sees
// the job stop. Returns when the job goes on (`fg`, `bg`), or at once where nothing could make it
// go on: in an orphaned process group the kernel ignores the signal.
void stop_as_by(int signal);

// An interactive shell makes its process group the terminal's foreground group, and as the first
// process of a container it cannot name the one from before, which lies outside, to give it back.
// Where the foreground group is gone this takes its place: who reads next is not stopped.
void take_back_terminal();
