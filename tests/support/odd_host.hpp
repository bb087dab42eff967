// Machines that are not as ours is: what a program finds there is arranged by a shell before it
// becomes the program, for that program alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct OddHost {
    std::string_view name;
    std::string_view script;
};

// Those that anybody can have: nothing that our programs do depends on them.
extern const std::vector<OddHost> kOddHosts;

// The command, started on such a machine.
std::vector<std::string> there(const OddHost& host, const std::vector<std::string>& command);

// The same for a machine whose mounts are other ones. It takes root, and nobody else sees them.
std::vector<std::string> with_mounts(std::string_view script,
                                     const std::vector<std::string>& command);

// The command as an ordinary user on a machine that lets nobody make a user namespace
// (user_namespaces(7): more than max_user_namespaces, here or in any namespace above).
std::vector<std::string> without_user_namespaces(const std::vector<std::string>& command);

// A new directory whose path has blanks and more than a hundred characters. From now on those of
// temporary_directory() are in it.
std::string move_into_long_path();
