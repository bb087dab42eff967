// Reading and writing whole files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/fd.hpp"

// Reads a descriptor to its end. Throws SystemError; Failure when there is more than
// `bytes_max` (a named limit for everything that arrives from outside).
std::string read_all(int fd, std::string_view path, std::size_t bytes_max = 16u << 20);

// The whole content of a file, also of those in /proc and /sys whose size reads as 0.
std::string read_file(const std::string& path, std::size_t bytes_max = 16u << 20);

// Writes all of `bytes` to a blocking descriptor; `path` is for the message.
void write_all(int fd, std::string_view bytes, std::string_view path);

// Writes `text` to a file that exists, in one write(2): control files of the kernel take a value
// only whole, and must never be created where a directory is not what we took it for.
void write_control_file(const std::string& path, std::string_view text);

// Creates or truncates the file and writes it. `mode` is lessened by the umask.
void write_file(const std::string& path, std::string_view text, unsigned mode = 0644);

// mkdir -p with mode 0755: every missing directory on the way. Throws SystemError.
void make_directories(const std::string& path);

bool file_exists(const std::string& path);

// A text on standard output, for --help and tables. A full disk is an error there too.
void print(std::string_view text);
