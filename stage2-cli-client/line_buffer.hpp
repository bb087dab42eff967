// Bytes that arrive in pieces of any size, to be taken out by lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

class LineBuffer {
public:
    void append(std::string_view bytes);

    // The next line without its newline; false when no newline has come yet.
    bool take_line(std::string& line);

    // All that is there.
    std::string take_rest();

    std::string_view text() const { return std::string_view{bytes_}.substr(start_); }

private:
    std::string bytes_;
    std::size_t start_ = 0;     // of what has not been taken
    std::size_t searched_ = 0;  // no newline between `start_` and here
};
