// The log's format, CRI's, one entry a line:
//
//     2026-01-02T15:04:05.123456789Z stdout F text
//
// F: a newline followed the text; P: it did not (yet). A newline in the output always ends an
// entry, so nothing that a container prints can look like an entry of its own. The bytes are kept
// as they are. Put together, the texts (and a newline after each F) are exactly what was printed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

enum class LogStream { standard_output, standard_error };

constexpr std::size_t kLogHeaderBytes = 40;  // up to the text
constexpr std::size_t kLogTextBytesMax = 16u << 10;
constexpr std::size_t kLogEntryBytesMax = kLogHeaderBytes + kLogTextBytesMax + 1;

struct LogEntry {
    std::string_view time;
    LogStream stream = LogStream::standard_output;
    bool ends_line = false;
    std::string_view text;
};

// The header of every entry of one read, "TIME STREAM F ". `time` as timestamp() makes it.
std::string log_header(std::string_view time, LogStream stream);

// Encodes from the front of `bytes` as many entries as surely fit into `output`, which must have
// room for kLogEntryBytesMax, takes them off, and returns how much of `output` they fill.
std::size_t encode_log_entries(std::string_view header, std::string_view& bytes,
                               std::span<char> output);

// Takes the next entry off the front of `bytes`; its members point into them. False when there is
// no whole entry yet: read on, and come back with what is left and what was read. What is no entry
// is skipped up to its newline (a disk may have lost it); `skipped` counts such bytes, if given.
bool take_log_entry(std::string_view& bytes, LogEntry& entry, std::uint64_t* skipped = nullptr);

// Whether the first of these entries, whole as we wrote them, is one that a newline followed.
bool log_entry_ends_line(std::string_view entries);

// Cuts off what follows the last newline: the shim that wrote it was killed in the middle. Returns
// the size of the file then. `log` is open for reading and writing.
std::uint64_t cut_torn_tail(int log);
