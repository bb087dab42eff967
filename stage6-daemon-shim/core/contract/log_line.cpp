#include "stage6-daemon-shim/core/contract/log_line.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/timestamp.hpp"

static constexpr std::string_view kOutputName = "stdout";
static constexpr std::string_view kErrorName = "stderr";
static constexpr std::size_t kStreamStart = kTimestampBytes + 1;
static constexpr std::size_t kFlagStart = kStreamStart + kOutputName.size() + 1;

std::string log_header(std::string_view time, LogStream stream) {
    const auto name = stream == LogStream::standard_output ? kOutputName : kErrorName;
    return std::string{time}.append(" ").append(name).append(" F ");
}

std::size_t encode_log_entries(std::string_view header, std::string_view& bytes,
                               std::span<char> output) {
    char* at = output.data();
    const char* const last_start = output.data() + output.size() - kLogEntryBytesMax;
    const char* text = bytes.data();
    const char* const end = text + bytes.size();
    while (text != end && at <= last_start) {
        const auto left = std::min(static_cast<std::size_t>(end - text), kLogTextBytesMax + 1);
        const auto* newline = static_cast<const char*>(std::memchr(text, '\n', left));
        const std::size_t size = newline != nullptr ? static_cast<std::size_t>(newline - text)
                                                    : std::min(left, kLogTextBytesMax);
        std::memcpy(at, header.data(), kLogHeaderBytes);
        if (newline == nullptr) at[kFlagStart] = 'P';
        at += kLogHeaderBytes;
        std::memcpy(at, text, size);
        at += size;
        *at++ = '\n';
        text += size + (newline != nullptr ? 1 : 0);
    }
    bytes.remove_prefix(static_cast<std::size_t>(text - bytes.data()));
    return static_cast<std::size_t>(at - output.data());
}

static bool parse_entry(std::string_view line, LogEntry& entry) {
    if (line.size() < kLogHeaderBytes || line.size() >= kLogEntryBytesMax) return false;
    const std::string_view name = line.substr(kStreamStart, kOutputName.size());
    const char flag = line[kFlagStart];
    const bool is_entry = line[10] == 'T' && line[kTimestampBytes - 1] == 'Z' &&
                          line[kTimestampBytes] == ' ' && line[kFlagStart - 1] == ' ' &&
                          line[kFlagStart + 1] == ' ' && (flag == 'F' || flag == 'P') &&
                          (name == kOutputName || name == kErrorName);
    if (!is_entry) return false;
    entry.time = line.substr(0, kTimestampBytes);
    entry.stream = name == kOutputName ? LogStream::standard_output : LogStream::standard_error;
    entry.ends_line = flag == 'F';
    entry.text = line.substr(kLogHeaderBytes);
    return true;
}

bool log_entry_ends_line(std::string_view entries) {
    return entries[kFlagStart] == 'F';
}

bool take_log_entry(std::string_view& bytes, LogEntry& entry, std::uint64_t* skipped) {
    while (true) {
        const auto newline = bytes.find('\n');
        const bool torn = newline == std::string_view::npos;
        // So much without a newline is no entry, whatever may follow: it need not be kept.
        if (torn && bytes.size() < kLogEntryBytesMax) return false;
        const std::string_view line = bytes.substr(0, newline);
        bytes.remove_prefix(torn ? bytes.size() : newline + 1);
        if (!torn && parse_entry(line, entry)) return true;
        if (skipped != nullptr) *skipped += line.size() + (torn ? 0 : 1);
    }
}

std::uint64_t cut_torn_tail(int log) {
    struct stat status {};
    check(::fstat(log, &status), "stat", "log");
    char piece[4096];
    off_t end = status.st_size;
    while (end > 0) {
        const off_t start = std::max<off_t>(end - static_cast<off_t>(sizeof piece), 0);
        const auto wanted = static_cast<std::size_t>(end - start);
        const auto count =
            check(retry([&] { return ::pread(log, piece, wanted, start); }), "read", "log");
        const std::string_view read{piece, static_cast<std::size_t>(count)};
        const auto newline = read.rfind('\n');
        end = newline == std::string_view::npos ? start : start + static_cast<off_t>(newline) + 1;
        if (newline != std::string_view::npos) break;
    }
    if (end != status.st_size) check(::ftruncate(log, end), "truncate", "log");
    return static_cast<std::uint64_t>(end);
}
