// Trees of files as they lie on the disk: what is in one, a copy of it, and its name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct TreeContent {
    std::string digest;       // 64 digits: of names, modes and contents
    std::uint64_t bytes = 0;  // of all files
};

// Throws SystemError.
TreeContent content_of_tree(const std::string& directory);

// Copies all below `from` into `to`, an empty directory, with modes, times, hard links and what
// capabilities files have, as root owners and devices too. Throws SystemError.
void copy_tree(const std::string& from, const std::string& to);

// What its entries are called by now is on the disk when it returns. Throws SystemError.
void sync_directory(const std::string& path);

// The new name is on the disk when it returns. Throws SystemError.
void rename_durably(const std::string& from, const std::string& to);

// The names in a directory, `.` and `..` left out; none where it is not there. Throws
// SystemError.
std::vector<std::string> entries_of(const std::string& directory);
