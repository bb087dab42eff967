// The daemon, or the shim, is killed before each call that changes something, one after the other;
// and each such call fails once.
#pragma once

#include <string>

enum class Victim { daemon, shim };

struct SweepOrder {
    Victim victim = Victim::daemon;
    std::string fault = "signal=KILL";  // strace's words
    unsigned every = 1;                 // of N points only one, for a quick look
};

// Prints a line of figures; 1 when anything was violated.
int sweep(const SweepOrder& order);

// The order in which records get onto the disk, by strace's word.
int check_order();

// What does it wrong, for strace to see.
int write_naively(const std::string& path);
