// Writes what a container prints into its log, and never makes it wait: a disk that is full costs
// bytes, which are counted, and one entry later says how many.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/contract/log_line.hpp"

class LogWriter {
public:
    // Opens or makes the log and cuts off a torn tail. Throws SystemError, Failure.
    explicit LogWriter(const ContainerDir& directory);

    // What one read returned, with one time for all of it. Never throws, never waits.
    void write(LogStream stream, std::string_view bytes);

    // If there is a loss that is not in the log yet, tries once more to say so. False if in vain.
    bool note_loss();

    // Gives the memory back that much output at once took.
    static void rest();

private:
    void cut_to(std::uint64_t size);
    bool append(std::string_view entries);

    Fd file_;
    std::uint64_t size_ = 0;  // up to the end of the last whole entry
    std::uint64_t bytes_lost_ = 0;
    int reason_ = 0;  // errno of the loss
};
