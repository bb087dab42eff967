// A system call of another process, which stands still at its beginning: its arguments in words.
// ptrace(2), process_vm_readv(2).
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>

struct FlagName {
    std::uint64_t bits;
    const char* name;
};

struct TracedCall {
    pid_t pid = 0;
    long number = 0;  // SYS_mount, ...
    std::array<std::uint64_t, 6> arguments{};
    // What the process's descriptors of mounts were made from: /proc/PID/fd has no name for those.
    std::map<int, std::string> mounts;

    int integer(std::size_t i) const { return static_cast<int>(arguments[i]); }

    // `size` bytes of the process's memory, fewer where it has fewer.
    std::string bytes_at(std::uint64_t address, std::size_t size) const;
    std::uint64_t number_at(std::uint64_t address) const;

    // Argument i, a text, in quotes; none for a null pointer. At most 200 bytes of it.
    std::string text(std::size_t i) const;

    // The path of argument i, a descriptor, in quotes.
    std::string file(std::size_t i) const;
    // The same for the descriptor of a mount, which may have none: what it was made from.
    std::string mount(std::size_t i) const;

    // Its link in /proc, through which another process may ask about the file.
    std::string link(std::size_t i) const;
};

std::string quoted(std::string_view text);

// "MS_REC|MS_PRIVATE"; what has no name as a number, and 0 where nothing is set.
std::string names_of_flags(std::uint64_t flags, std::span<const FlagName> names);
