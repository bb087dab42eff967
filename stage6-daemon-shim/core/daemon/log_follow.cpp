#include "stage6-daemon-shim/core/daemon/log_follow.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/wire/stream_frames.hpp"

// One for all followers: they take turns, and between two turns nobody keeps anything in it.
static std::array<char, 64u << 10> shared_buffer;
static_assert(shared_buffer.size() > kLogEntryBytesMax);
static constexpr std::uint64_t kTailWindowBytesMax = 64u << 20;

bool LogReader::open() {
    if (log_) return true;
    try {
        log_ = ContainerDir::open(container_->directory).open_file(kLogFile, O_RDONLY);
    } catch (const SystemError& error) {
        if (error.error() != ENOENT) throw;  // never started yet
    }
    return static_cast<bool>(log_);
}

static std::uint64_t size_of(int fd) {
    struct stat status {};
    check(::fstat(fd, &status), "stat", kLogFile);
    return static_cast<std::uint64_t>(status.st_size);
}

void LogReader::seek_to_end() {
    offset_ = open() ? size_of(log_.get()) : 0;
}

// Where in `window` its last lines begin. A line is entries up to one that ends it; the last may
// lack its end.
static std::size_t last_lines_in(std::string_view window, std::uint64_t lines, bool& enough) {
    std::vector<std::size_t> starts;
    bool at_line_start = true;
    LogEntry entry;
    std::string_view rest = window;
    while (true) {
        const std::size_t at = window.size() - rest.size();
        if (!take_log_entry(rest, entry)) break;
        if (at_line_start) starts.push_back(at);
        at_line_start = entry.ends_line;
    }
    enough = starts.size() > lines;
    if (starts.empty() || lines >= starts.size()) return 0;
    return lines == 0 ? window.size() : starts[starts.size() - lines];
}

void LogReader::seek_to_last_lines(std::uint64_t lines) {
    if (!open()) return;
    const std::uint64_t size = size_of(log_.get());
    for (std::uint64_t window = 64u << 10;; window *= 4) {
        const std::uint64_t length = std::min(window, size);
        std::string text(length, '\0');
        const auto start = static_cast<off_t>(size - length);
        const auto count = check(::pread(log_.get(), text.data(), length, start), "read", kLogFile);
        text.resize(static_cast<std::size_t>(count));
        // The window may begin in the middle of an entry.
        const std::size_t skipped = length == size ? 0 : text.find('\n') + 1;
        bool enough = false;
        const auto begin = last_lines_in(std::string_view{text}.substr(skipped), lines, enough);
        offset_ = size - length + skipped + begin;
        if (enough || length == size || window >= kTailWindowBytesMax) return;
    }
}

static void append_entry(const LogEntry& entry, std::uint64_t offset_after,
                         const LogSelection& selection, bool framed, std::string& output) {
    std::string text;
    if (selection.offsets) {
        char hexadecimal[24];
        std::snprintf(hexadecimal, sizeof hexadecimal, "%016" PRIx64 " ", offset_after);
        text += hexadecimal;
    }
    if (selection.timestamps) text.append(entry.time).append(" ");
    text.append(entry.text);
    if (entry.ends_line) text += '\n';
    const auto type = entry.stream == LogStream::standard_error ? StreamType::standard_error
                                                                : StreamType::standard_output;
    if (framed)
        append_stream_frame(output, type, text);
    else
        output += text;
}

static bool is_selected(const LogEntry& entry, const LogSelection& selection) {
    const bool is_error = entry.stream == LogStream::standard_error;
    if (is_error ? !selection.standard_error : !selection.standard_output) return false;
    if (selection.since == 0 && selection.until == 0) return true;
    const WallTime time = parse_time(entry.time);
    return time >= selection.since && (selection.until == 0 || time <= selection.until);
}

bool LogReader::read_entries(const LogSelection& selection, bool framed, std::string& output) {
    if (!open()) return false;
    const auto count = check(::pread(log_.get(), shared_buffer.data(), shared_buffer.size(),
                                     static_cast<off_t>(offset_)),
                             "read", kLogFile);
    const std::string_view bytes{shared_buffer.data(), static_cast<std::size_t>(count)};
    std::string_view rest = bytes;
    LogEntry entry;
    while (take_log_entry(rest, entry)) {
        const std::uint64_t offset_after = offset_ + (bytes.size() - rest.size());
        if (is_selected(entry, selection)) {
            append_entry(entry, offset_after, selection, framed, output);
        }
    }
    offset_ += bytes.size() - rest.size();
    return rest.size() < bytes.size();
}

Task<void> follow_log(LogWatch& watch, ContainerPointer container, LogReader reader,
                      LogSelection selection, std::function<Task<void>(std::string_view)> write,
                      std::function<bool()> is_over) {
    const bool framed = !container->has_terminal();
    const auto watched = watch.watch(container);
    std::string output;
    while (true) {
        const bool last_look = is_over();
        bool has_waited = false;
        while (reader.read_entries(selection, framed, output)) {
            if (!output.empty()) co_await write(output);
            output.clear();
            co_await watch.loop().breathe();
            has_waited = true;
        }
        if (last_look) co_return;
        // Whatever changed while a write waited has notified nobody: look again first.
        if (!has_waited) co_await container->changed.wait();
    }
}
