// A program is killed before each call that changes something, one after the other; or each such
// call fails once.
#pragma once

#include <string>

// The first daemon of the script or the one that takes over; the shim of its first container or of
// its second.
enum class Traced { first_daemon, second_daemon, first_shim, second_shim };

struct SweepOrder {
    Traced traced = Traced::first_daemon;
    std::string fault = "signal=KILL";  // strace's words
    std::string call = {};              // only before calls of this name; empty: all
    unsigned every = 1;                 // of N points only one, for a quick look
};

// Prints a line of figures; 1 when anything was violated.
int sweep(const SweepOrder& order);

// The order in which records get onto the disk, by strace's word.
int check_order();
