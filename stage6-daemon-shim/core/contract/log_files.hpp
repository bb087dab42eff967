// The files of one log: `log`, which is being written, and where its size has a limit those that
// were written before: log.1, log.2 and so on, the older the higher. When `log` is full each gets
// the next number by a rename, and the last is gone.
#pragma once

#include <cstdint>
#include <string>

#include "stage6-daemon-shim/core/contract/container_dir.hpp"

// Annotations of the launch spec. Without the first there is one file without a limit.
inline constexpr const char* kLogBytesMax = "slipway.log.max-size";
inline constexpr const char* kLogFilesMax = "slipway.log.max-file";

struct LogLimits {
    std::uint64_t bytes_max = 0;  // of one file; 0: none
    unsigned files_max = 1;       // `log` among them
};

// "log", "log.1", ...
std::string log_file(unsigned number);

// How many renames have begun and ended: odd while one is on. So who opens a file by its number
// between two equal even counts has opened the right one, and its generation, which never changes,
// is half the count less the number. In the file log.count, which a log without a limit lacks.
class LogCount {
public:
    // Throws SystemError.
    static std::uint64_t read(const ContainerDir& directory);
    static void write(const ContainerDir& directory, std::uint64_t count);
};
