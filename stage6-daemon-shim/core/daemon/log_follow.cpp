#include "stage6-daemon-shim/core/daemon/log_follow.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/daemon/log_options.hpp"
#include "stage6-daemon-shim/core/wire/stream_frames.hpp"

// One for all followers: they take turns, and between two turns nobody keeps anything in it.
static std::array<char, 64u << 10> shared_buffer;
static_assert(shared_buffer.size() > kLogEntryBytesMax);
static constexpr std::uint64_t kTailWindowBytesMax = 64u << 20;

// An offset holds 1 TiB of a file.
static constexpr unsigned kPlaceBits = 40;
static constexpr std::uint64_t kPlaceMask = (std::uint64_t{1} << kPlaceBits) - 1;

bool LogReader::open() {
    if (file_) return true;
    if (from_first_) file_ = file_of(0);
    if (!file_) file_ = open_oldest_log_file(container_->directory);
    if (from_first_ && file_ && file_->generation > 0) throw LogGap{};
    return static_cast<bool>(file_);
}

static std::uint64_t size_of(const LogFile& log) {
    struct stat status {};
    check(::fstat(log.file.get(), &status), "stat", kLogFile);
    return static_cast<std::uint64_t>(status.st_size);
}

void LogReader::seek_to_end() {
    file_ = open_newest_log_file(container_->directory);
    offset_ = file_ ? size_of(*file_) : 0;
    from_first_ = !file_;
}

void LogReader::seek(std::uint64_t offset) {
    file_ = open_log_file(container_->directory, offset >> kPlaceBits);
    offset_ = file_ ? offset & kPlaceMask : 0;
}

// The end of one file: where its last lines begin, at most as many as were wanted.
struct Tail {
    std::uint64_t begin = 0;
    std::uint64_t lines = 0;
    bool ends_line = true;  // the last of them has its end
};

// A line is entries up to one that ends it; the last may lack its end.
static Tail tail_of(std::string_view window, std::uint64_t wanted) {
    std::vector<std::size_t> starts;
    Tail tail;
    LogEntry entry;
    std::string_view rest = window;
    while (true) {
        const std::size_t at = window.size() - rest.size();
        if (!take_log_entry(rest, entry)) break;
        if (tail.ends_line) starts.push_back(at);
        tail.ends_line = entry.ends_line;
    }
    tail.lines = std::min<std::uint64_t>(starts.size(), wanted);
    tail.begin = tail.lines == 0 ? window.size() : starts[starts.size() - tail.lines];
    if (tail.lines == starts.size()) tail.begin = 0;
    return tail;
}

static Tail tail_of(const LogFile& log, std::uint64_t wanted) {
    const std::uint64_t size = size_of(log);
    for (std::uint64_t window = 64u << 10;; window *= 4) {
        const std::uint64_t length = std::min(window, size);
        std::string text(length, '\0');
        const auto start = static_cast<off_t>(size - length);
        const auto count =
            check(::pread(log.file.get(), text.data(), length, start), "read", kLogFile);
        text.resize(static_cast<std::size_t>(count));
        // The window may begin in the middle of an entry, and so of a line: that one is not whole.
        const std::size_t skipped = length == size ? 0 : text.find('\n') + 1;
        Tail tail = tail_of(std::string_view{text}.substr(skipped), wanted + (skipped > 0));
        const bool enough = skipped == 0 || tail.lines > wanted;
        if (!enough && window < kTailWindowBytesMax) continue;
        if (tail.lines > wanted) tail = tail_of(std::string_view{text}.substr(skipped), wanted);
        tail.begin += size - length + skipped;
        return tail;
    }
}

void LogReader::seek_to_last_lines(std::uint64_t lines) {
    seek_to_end();
    if (lines == 0 || !file_) return;
    for (bool is_newest = true;; is_newest = false) {
        Tail tail = tail_of(*file_, lines);
        // Its last line goes on in the newer file, where its rest was counted as one.
        if (!is_newest && !tail.ends_line) tail = tail_of(*file_, ++lines);
        offset_ = tail.begin;
        lines -= tail.lines;
        if (lines == 0 || file_->generation == 0) return;
        LogFilePointer older = open_log_file(container_->directory, file_->generation - 1);
        if (!older) return;
        file_ = std::move(older);
    }
}

static void append_entry(const LogEntry& entry, std::uint64_t offset_after,
                         const LogSelection& selection, const std::string& details, bool framed,
                         std::string& output) {
    std::string text;
    if (selection.offsets) {
        char hexadecimal[24];
        std::snprintf(hexadecimal, sizeof hexadecimal, "%016" PRIx64 " ", offset_after);
        text += hexadecimal;
    }
    if (selection.timestamps) text.append(entry.time).append(" ");
    if (selection.details) text.append(details).append(" ");
    text.append(entry.text);
    if (entry.ends_line) text += '\n';
    const auto type = entry.stream == LogStream::standard_error ? StreamType::standard_error
                                                                : StreamType::standard_output;
    if (framed)
        append_stream_frame(output, type, text);
    else
        output += text;
}

static bool is_selected(const LogEntry& entry, const LogSelection& selection, bool& past_until) {
    const bool is_error = entry.stream == LogStream::standard_error;
    if (is_error ? !selection.standard_error : !selection.standard_output) return false;
    if (selection.since == 0 && selection.until == 0) return true;
    const WallTime time = parse_time(entry.time);
    const bool is_late = selection.until != 0 && time > selection.until;
    past_until = past_until || is_late;
    return time >= selection.since && !is_late;
}

bool LogReader::read_of_file(const LogSelection& selection, bool framed, std::string& output) {
    const auto count = check(::pread(file_->file.get(), shared_buffer.data(), shared_buffer.size(),
                                     static_cast<off_t>(offset_)),
                             "read", kLogFile);
    const std::string_view bytes{shared_buffer.data(), static_cast<std::size_t>(count)};
    const std::string details = selection.details ? log_details(container_->config) : "";
    const std::uint64_t base = (file_->generation << kPlaceBits) + offset_;
    std::string_view rest = bytes;
    LogEntry entry;
    while (take_log_entry(rest, entry)) {
        const std::uint64_t offset_after = base + (bytes.size() - rest.size());
        if (is_selected(entry, selection, past_until_)) {
            append_entry(entry, offset_after, selection, details, framed, output);
        }
    }
    offset_ += bytes.size() - rest.size();
    return rest.size() < bytes.size();
}

LogFilePointer LogReader::file_of(std::uint64_t generation) const {
    LogFilePointer file = chain_ == nullptr ? nullptr : chain_->find(generation);
    return file ? file : open_log_file(container_->directory, generation);
}

bool LogReader::go_to_next_file() {
    if (!rotates_) return false;
    LogFilePointer next = file_of(file_->generation + 1);
    if (!next) {
        const LogFilePointer newest = open_newest_log_file(container_->directory);
        if (!newest || newest->generation <= file_->generation) return false;
        // It has come between the two looks, or is gone already.
        next = file_of(file_->generation + 1);
        if (!next) throw LogGap{};
    }
    file_ = std::move(next);
    offset_ = 0;
    return true;
}

bool LogReader::read_entries(const LogSelection& selection, bool framed, std::string& output) {
    if (!open()) return false;
    while (true) {
        if (read_of_file(selection, framed, output)) return true;
        const LogFilePointer last = file_;
        const std::uint64_t place = offset_;
        if (!go_to_next_file()) return false;
        // Nobody writes it any more: what came before the next file was made is there by now.
        const LogFilePointer next = std::exchange(file_, last);
        offset_ = place;
        const bool more = read_of_file(selection, framed, output);
        if (more) return true;
        file_ = next;
        offset_ = 0;
    }
}

static bool read_or_say_why(LogReader& reader, const LogSelection& selection, bool framed,
                            std::string& output, bool& lost) {
    try {
        return reader.read_entries(selection, framed, output);
    } catch (const LogGap& gap) {
        if (!framed) throw;
        append_stream_frame(output, StreamType::system_error, gap.what());
        lost = true;
        return true;
    }
}

Task<void> follow_log(LogWatch& watch, ContainerPointer container, LogReader reader,
                      LogSelection selection, std::function<Task<void>(std::string_view)> write,
                      std::function<bool()> is_over) {
    const bool framed = selection.framed && (!container->has_terminal() || selection.offsets);
    const auto watched = watch.watch(container);
    reader.use(watched->chain());
    std::string output;
    bool lost = false;
    while (true) {
        const bool last_look = is_over();
        bool has_waited = false;
        while (read_or_say_why(reader, selection, framed, output, lost)) {
            if (!output.empty()) co_await write(output);
            output.clear();
            if (lost || reader.past_until()) co_return;
            co_await watch.loop().breathe();
            has_waited = true;
        }
        if (last_look) co_return;
        // Whatever changed while a write waited has notified nobody: look again first.
        if (!has_waited) co_await container->changed.wait();
    }
}
