// strace(1) as the hand that kills: it ends a program before its k-th call of a kind takes effect,
// or makes that call fail.
#pragma once

#include <string>
#include <vector>

#include "tests/faults/engine.hpp"

struct FaultPoint {
    std::string call;   // "renameat"
    unsigned when = 1;  // counted from 1, for this call alone
    std::string line;   // as strace printed it when nothing was wrong
};

// Words before a command: it is traced, its calls that change something are written to `file`, and
// where `fault` is given ("signal=KILL", "error=ENOSPC") that comes at the point.
Words traced(const std::string& file, const FaultPoint& point, const std::string& fault);
Words traced(const std::string& file);

// Every call of such a file that changes something.
std::vector<FaultPoint> points_in(const std::string& file);

// What is wrong with the order in which records were written: content, fsync, name, fsync of the
// directory, answer. `renames` is how many were looked at.
std::vector<std::string> order_faults(const std::string& file, unsigned& renames);

// The daemon starts us in place of its shim: have a tracer attached to us, and become the shim.
// What the tracer is told stands in the environment (see shim_is_traced).
[[noreturn]] void become_traced_shim(const std::vector<std::string>& arguments);
bool should_be_traced_shim();
void trace_shims(const Words& strace);  // of daemons started from now on; none: not any more
