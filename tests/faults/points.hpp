// The programs with fail points (build/faults): killed at each of them, and each step behind them
// fails once.
#pragma once

#include <string>
#include <vector>

struct PointOrder {
    // For steps that may fail: all of these, or one after the other where it has to be quick.
    std::vector<std::string> errors = {"EIO", "ENOSPC", "EMFILE", "ENOMEM", "EAGAIN"};
    bool is_quick = false;  // each point only once
};

// All points that the programs list, the script has to come to. Prints a line of figures; 1 when
// anything was violated.
int sweep_points(const PointOrder& order);

// Prints what the programs list, a line "PROGRAM: fail NAME" each.
int list_points();
