// The log: what was written comes out byte for byte, however it was read; any bytes at all can be
// read, and every one of them is in an entry, skipped, or left; a torn end is cut off and no more.
#include "stage6-daemon-shim/core/contract/log_line.hpp"
#include "stage6-daemon-shim/core/contract/timestamp.hpp"
#include "tests/fuzz/fuzz.hpp"

static std::string encoded(std::string_view bytes, LogStream stream) {
    const std::string header = log_header(timestamp({1'700'000'000, 5}), stream);
    std::string log, room(kLogEntryBytesMax * 2, '\0');
    while (!bytes.empty()) log.append(room, 0, encode_log_entries(header, bytes, room));
    return log;
}

// As a follower does it: reads on, and comes back with what was left.
struct Decoded {
    std::string entries, printed, left;
    std::uint64_t skipped = 0;
    bool operator==(const Decoded&) const = default;
};

static Decoded decode(const std::vector<std::string_view>& pieces) {
    Decoded result;
    LogEntry entry;
    for (const auto piece : pieces) {
        result.left += piece;
        std::string_view rest = result.left;
        while (take_log_entry(rest, entry, &result.skipped)) {
            hold(entry.text.size() <= kLogTextBytesMax, "a text has its limit");
            hold(entry.text.find('\n') == std::string_view::npos, "a text is within its line");
            result.printed.append(entry.text).append(entry.ends_line ? "\n" : "");
            std::string line = log_header(entry.time, entry.stream);
            if (!entry.ends_line) line[line.size() - 2] = 'P';
            result.entries.append(line).append(entry.text).append("\n");
        }
        result.left = rest;
    }
    return result;
}

static void check_torn_tail(std::string_view bytes) {
    static MemoryFile file;
    file.fill(bytes);
    const std::uint64_t kept = cut_torn_tail(file.get());
    hold(kept == bytes.rfind('\n') + 1, "all up to the last newline is kept");
    char byte = 0;
    hold(::pread(file.get(), &byte, 1, static_cast<off_t>(kept)) == 0, "and nothing else");
}

void check_input(std::string_view input) {
    const std::size_t cut = drawn_from(input, 1024);
    const auto all = cuttings(input, cut);
    const Decoded whole = decode(all[0]);
    hold(whole.entries.size() + whole.skipped + whole.left.size() == input.size(),
         "every byte is in an entry, skipped or left");
    hold(decode({whole.entries}).entries == whole.entries, "an entry written again is an entry");
    // A line of more than an entry's bytes is given up before its end is seen: there cuts count.
    if (input.size() < kLogEntryBytesMax) {
        for (const auto& pieces : all) hold(decode(pieces) == whole, "cuts change nothing");
    }

    const LogStream stream = cut % 2 == 0 ? LogStream::standard_output : LogStream::standard_error;
    const std::string log = encoded(all[1][0], stream) + encoded(all[1][1], stream);
    const Decoded back = decode({log});
    hold(back.printed == input, "what was printed comes out");
    hold(back.entries == log && back.skipped == 0 && back.left.empty(), "with no byte left over");
    check_torn_tail(input);
}
