// Which system calls a container may make: rules, and the program in the kernel's small machine
// that decides each call by them. seccomp(2), the kernel's Documentation/userspace-api/
// seccomp_filter.rst; classic BPF: Documentation/networking/filter.rst.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

// On one of the six arguments, as unsigned 64-bit numbers.
struct ArgumentCheck {
    enum class Operator {
        equal,
        not_equal,
        less,
        less_or_equal,
        greater,
        greater_or_equal,
        masked
    };
    unsigned index = 0;
    Operator comparison = Operator::equal;
    std::uint64_t value = 0;
    std::uint64_t mask = ~std::uint64_t{0};  // masked: (argument & mask) == value
};

struct SeccompRule {
    unsigned number = 0;                  // of the system call
    std::uint32_t action = 0;             // SECCOMP_RET_...
    std::vector<ArgumentCheck> checks{};  // all of them must hold; none: always
};

struct SeccompRules {
    std::uint32_t otherwise = 0;       // for a call that no rule allows
    std::vector<SeccompRule> rules{};  // of several for one call the first that holds
};

// The action that makes a call fail with this error.
std::uint32_t fail_with(int error);

// The program. A call of another architecture kills the process: its numbers mean other calls.
// x32's calls, and those that are newer than our table, fail with ENOSYS, so that a C library falls
// back to older ones. Throws Failure when it is longer than the kernel takes.
std::vector<sock_filter> compile_filter(const SeccompRules& rules);
