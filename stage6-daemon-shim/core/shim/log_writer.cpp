#include "stage6-daemon-shim/core/shim/log_writer.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/timestamp.hpp"

// Pages of it that no output ever needed are never touched, and cost nothing.
alignas(4096) static char entry_buffer[160u << 10];

LogWriter::LogWriter(const ContainerDir& directory)
    : file_{directory.open_file(kLogFile, O_RDWR | O_CREAT | O_APPEND)},
      size_{cut_torn_tail(file_.get())} {}

// Fails only where the disk does; then the reader skips what is half an entry.
void LogWriter::cut_to(std::uint64_t size) {
    if (::ftruncate(file_.get(), static_cast<off_t>(size)) == 0) size_ = size;
}

// All of it or nothing: a reader must never meet half an entry that another one follows.
bool LogWriter::append(std::string_view entries) {
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

void LogWriter::write(LogStream stream, std::string_view bytes) {
    const std::string header = log_header(timestamp(wall_clock()), stream);
    while (!bytes.empty()) {
        const std::size_t before = bytes.size();
        const std::size_t size = encode_log_entries(header, bytes, entry_buffer);
        const std::uint64_t start = size_;
        // The loss is said together with what comes after it, or a disk that has room for so short
        // a line alone would get one for each read.
        if (note_loss() && append({entry_buffer, size})) {
            bytes_lost_ = 0;
        } else {
            bytes_lost_ += before - bytes.size();
            if (size_ != start) cut_to(start);
        }
    }
}
