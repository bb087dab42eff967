// The log on standard output. Lines are collected and written together, whole and in order.
// A log that cannot be written never stops the service: what finds no room is left out, and the
// next line that finds some says how much.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/fd.hpp"

constexpr std::size_t kLogBytesMax = 1024 * 1024;  // that wait to be written

class Log {
public:
    Log();

    void add(std::string_view line);

    // Writes what is taken at once. False when something is left: try again a little later.
    bool flush();

private:
    bool has_room() const;

    Fd output_;
    bool may_block_ = false;  // then it is asked before each write
    std::string lines_;
    std::size_t lines_lost_ = 0;
    bool warned_ = false;
};
