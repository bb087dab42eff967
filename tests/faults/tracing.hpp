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

// Words before a command: it is traced, those of its calls that a fault ("signal=KILL",
// "error=ENOSPC") can hit are written to `file`.
Words traced(const std::string& file, const std::string& fault);

// And there it comes.
Words traced(const std::string& file, const std::string& fault, const FaultPoint& point);

// Every call of such a file where it makes sense.
std::vector<FaultPoint> points_in(const std::string& file, const std::string& fault);

// What is wrong with the order in which records were written: content, fsync, name, fsync of the
// directory, answer. `renames` is how many were looked at.
std::vector<std::string> order_faults(const std::string& file, unsigned& renames);

// The daemon starts us in place of its shim: have a tracer attached to us, and become the shim.
// What the tracer is told stands in the environment (see trace_shim).
[[noreturn]] void become_traced_shim(const std::vector<std::string>& arguments);
bool should_be_traced_shim();

// Of the shims that daemons start from now on the one of this number, counted from 1 in the file
// `count`, is traced; no words: none.
void trace_shim(const Words& strace, unsigned number, const std::string& count);
