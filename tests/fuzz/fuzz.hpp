// What every target of the fuzzer shares. A target is one file with one function, check_input; it
// is called with any bytes at all, thousands of times a second. https://llvm.org/docs/LibFuzzer
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.hpp"

// Returns when everything that the target promises held for these bytes. An exception that leaves
// it is a fault as well.
void check_input(std::string_view input);

// Ends the program with a message, and so keeps the input, unless what was promised holds.
void hold(bool holds, std::string_view promise);

// A number below the limit that is another for other bytes, and takes none of them.
std::size_t drawn_from(std::string_view input, std::size_t limit);

// Takes what a target wants to know off the front of its input. At the end of it all is zero.
class Choices {
public:
    explicit Choices(std::string_view& input) : input_{input} {}

    std::uint8_t byte();
    std::uint64_t number(unsigned bytes);
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : number(2) % limit; }
    std::string_view bytes(std::size_t count);
    // Up to the next occurrence of the byte, which is taken too.
    std::string_view until(char end);

private:
    std::string_view& input_;
};

// The same bytes as one piece, cut where `cut` says, and byte by byte: what a stream of bytes means
// must not depend on how the network has cut it.
std::vector<std::vector<std::string_view>> cuttings(std::string_view bytes, std::size_t cut);

// A file in memory that holds these bytes, under a path that it has for as long as it lives. Its
// descriptor's offset is 0.
class MemoryFile {
public:
    MemoryFile();
    void fill(std::string_view bytes);
    int get() const { return file_.get(); }
    std::string path() const { return "/proc/self/fd/" + std::to_string(get()); }

private:
    Fd file_;
};

// A directory for the program's own files, in memory where there is such a place, and removed with
// all that is in it when the program ends well.
const std::string& scratch_directory();
