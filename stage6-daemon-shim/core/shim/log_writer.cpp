#include "stage6-daemon-shim/core/shim/log_writer.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/timestamp.hpp"

// Pages of it that no output ever needed are never touched, and cost nothing.
alignas(4096) static char entry_buffer[160u << 10];

LogWriter::LogWriter(const ContainerDir& directory)
    : directory_{directory},
      file_{directory.open_file(kLogFile, O_RDWR | O_CREAT | O_APPEND)},
      size_{cut_torn_tail(file_.get())} {}

// Fails only where the disk does; then the reader skips what is half an entry.
void LogWriter::cut_to(std::uint64_t size) {
    if (::ftruncate(file_.get(), static_cast<off_t>(size)) == 0) size_ = size;
}

// All of it or nothing: a reader must never meet half an entry that another one follows.
bool LogWriter::append(std::string_view entries) {
    kill_point<"write the log">();
    std::size_t written = 0;
    while (written < entries.size()) {
        const auto rest = entries.substr(written);
        const auto count = retry([&] { return ::write(file_.get(), rest.data(), rest.size()); });
        if (count <= 0) {
            reason_ = count == 0 ? ENOSPC : errno;
            cut_to(size_);
            return false;
        }
        written += static_cast<std::size_t>(count);
    }
    size_ += entries.size();
    return true;
}

bool LogWriter::note_loss() {
    if (bytes_lost_ == 0) return true;
    const std::string text =
        "[" + std::to_string(bytes_lost_) + " bytes of output lost: " + error_text(reason_) + "]\n";
    return append(log_header(timestamp(wall_clock()), LogStream::standard_error) + text);
}

void LogWriter::rest() {
    ::madvise(entry_buffer, sizeof entry_buffer, MADV_DONTNEED);
}

void LogWriter::limit(const LogLimits& limits) {
    limits_ = limits;
    if (limits.bytes_max == 0) return;
    const std::uint64_t count = LogCount::read(directory_);
    count_ = count + count % 2;  // a shim was killed in the middle
    if (count_ != count) LogCount::write(directory_, count_);
}

// Where a new file cannot be had the old one simply grows on: better too long a log than none.
void LogWriter::rotate() {
    const std::string unfinished = std::string{kLogFile} + ".tmp";
    const int directory = directory_.get();
    try {
        Fd next = directory_.open_file(unfinished, O_RDWR | O_CREAT | O_TRUNC | O_APPEND);
        LogCount::write(directory_, count_ + 1);
        for (unsigned number = limits_.files_max - 1; number > 0; --number) {
            ::renameat(directory, log_file(number - 1).c_str(), directory,
                       log_file(number).c_str());
        }
        check(::renameat(directory, unfinished.c_str(), directory, kLogFile), "rename", kLogFile);
        LogCount::write(directory_, count_ + 2);
        count_ += 2;
        file_ = std::move(next);
        size_ = 0;
    } catch (const std::exception&) {
        limits_.bytes_max = 0;
    }
}

// What still fits into the file, at least one entry. An entry ends with its only newline.
LogWriter::Portion LogWriter::next_portion(std::string_view entries) {
    Portion portion;
    while (portion.bytes < entries.size()) {
        const std::string_view rest = entries.substr(portion.bytes);
        const std::size_t size = rest.find('\n') + 1;
        const bool fits = size_ + portion.bytes + size <= limits_.bytes_max;
        if (!fits && (portion.bytes > 0 || size_ > 0)) break;
        portion.bytes += size;
        portion.text += size - kLogHeaderBytes - (log_entry_ends_line(rest) ? 0 : 1);
        if (!fits) break;
    }
    return portion;
}

void LogWriter::write_portion(std::string_view entries, std::size_t text) {
    const std::uint64_t start = size_;
    // The loss is said together with what comes after it, or a disk that has room for so short
    // a line alone would get one for each read.
    if (note_loss() && append(entries)) {
        bytes_lost_ = 0;
    } else {
        bytes_lost_ += text;
        if (size_ != start) cut_to(start);
    }
}

void LogWriter::write(LogStream stream, std::string_view bytes) {
    const std::string header = log_header(timestamp(wall_clock()), stream);
    while (!bytes.empty()) {
        const std::size_t before = bytes.size();
        std::string_view entries{entry_buffer, encode_log_entries(header, bytes, entry_buffer)};
        if (limits_.bytes_max == 0) {
            write_portion(entries, before - bytes.size());
            continue;
        }
        while (!entries.empty()) {
            const Portion portion = next_portion(entries);
            if (portion.bytes == 0) {
                rotate();
                if (limits_.bytes_max == 0) break;
                continue;
            }
            write_portion(entries.substr(0, portion.bytes), portion.text);
            entries.remove_prefix(portion.bytes);
        }
        if (!entries.empty()) write_portion(entries, entries.size());
    }
}
