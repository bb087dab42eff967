// Writes what a container prints into its log, and never makes it wait: a disk that is full costs
// bytes, which are counted, and one entry later says how many.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/contract/log_files.hpp"
#include "stage6-daemon-shim/core/contract/log_line.hpp"

class LogWriter {
public:
    // Opens or makes the log and cuts off a torn tail. The directory must outlive it. Throws
    // SystemError, Failure.
    explicit LogWriter(const ContainerDir& directory);

    // From now on no file becomes larger, unless one entry alone is.
    void limit(const LogLimits& limits);

    // What one read returned, with one time for all of it. Never throws, never waits.
    void write(LogStream stream, std::string_view bytes);

    // If there is a loss that is not in the log yet, tries once more to say so. False if in vain.
    bool note_loss();

    // Gives the memory back that much output at once took.
    static void rest();

private:
    struct Portion {
        std::size_t bytes = 0;  // of whole entries
        std::size_t text = 0;   // what they hold of the output
    };
    Portion next_portion(std::string_view entries);
    void rotate();
    void write_portion(std::string_view entries, std::size_t text);
    void cut_to(std::uint64_t size);
    bool append(std::string_view entries);

    const ContainerDir& directory_;
    LogLimits limits_;
    std::uint64_t count_ = 0;  // see LogCount
    Fd file_;
    std::uint64_t size_ = 0;  // up to the end of the last whole entry
    std::uint64_t bytes_lost_ = 0;
    int reason_ = 0;  // errno of the loss
};
