// System calls by name. seccomp(2) filters see numbers, which differ from machine to machine.
#pragma once

#include <optional>
#include <span>
#include <string_view>

struct SystemCall {
    std::string_view name;
    int x86_64, aarch64;  // -1: not on that machine
};

// All that we know, in the order of their names.
std::span<const SystemCall> system_calls();

// Its number on the machine that we are compiled for; nothing when it has none there, or when we
// do not know the name.
std::optional<unsigned> number_of_system_call(std::string_view name);

// The highest number that we know here: what is above is newer than we are.
unsigned last_system_call();
