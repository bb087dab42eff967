// ROOT/containers/ID: the files of one container, by descriptor of their directory.
//
// Whoever writes a record writes it whole, and whoever reads one believes nothing: the directory
// may hold what a crash, a full disk or a curious user left in it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "common/fd.hpp"

inline constexpr const char* kConfigFile = "config.json";  // daemon: what was asked, and "spec"
inline constexpr const char* kStateFile = "state.json";    // daemon: name, wishes, health
// daemon: there where the container goes at its end (--rm); see ContainerDir::flush
inline constexpr const char* kFleetingMark = "auto-remove";
inline constexpr const char* kLockFile = "shim.lock";    // held: the shim is alive
inline constexpr const char* kSocketFile = "shim.sock";  // shim: control
inline constexpr const char* kLogFile = "log";           // shim: see log_line.hpp
inline constexpr const char* kUpperDirectory = "upper";  // shim: what the container wrote
inline constexpr const char* kWorkDirectory = "work";    // the overlay's own

constexpr std::size_t kRecordBytesMax = 64u << 10;
constexpr std::size_t kConfigBytesMax = 4u << 20;

// The records of start number N, counted from 1.
std::string started_file(unsigned number);
std::string exit_file(unsigned number);
std::string reserved_exit_file(unsigned number);  // exit.N.tmp

class ContainerDir {
public:
    // A descriptor of the directory that was opened for reading (fsync(2) refuses O_PATH).
    explicit ContainerDir(Fd directory) : directory_{std::move(directory)} {}

    // Persistently. Throws SystemError; a link in the last component is refused.
    static ContainerDir open(const std::string& path);

    int get() const { return directory_.get(); }

    // Never follows a link, never waits at a FIFO; close-on-exec. Throws SystemError, and Failure
    // for what is no regular file.
    Fd open_file(const std::string& name, int flags, unsigned mode = 0600) const;

    // The whole content, persistently. Throws as open_file, and Failure when it is larger than
    // `bytes_max`.
    std::string read(const std::string& name, std::size_t bytes_max = kRecordBytesMax) const;

    // Readers see the old content or the new, never half, also after the power went: temporary
    // file NAME.tmp, fsync, rename, fsync of the directory. Throws SystemError.
    void write_whole(const std::string& name, std::string_view text) const;

    // fsync(2), except where the directory has the mark of a container that goes at its end: of
    // that nobody can ask for anything after a power cut, and the next daemon removes what is left
    // of it. So who types `run --rm` does not wait for the disk.
    void flush(int file, const std::string& name) const;

    // The two halves of write_whole, for a file that is written long before it gets its name.
    void write_temporary(const std::string& name, std::string_view text) const;
    void rename_durably(const std::string& from, const std::string& to) const;

    // Files of a directory that has no name of its own yet: nobody reads them before it is renamed.
    // All of them are durable when it returns. Throws SystemError.
    struct NewFile {
        std::string name;
        std::string text;
    };
    void write_first(std::span<const NewFile> files) const;

    bool has(const std::string& name) const;

    // A mark on a record, which costs next to nothing and needs no file of its own: nobody may
    // write it any more. Lost with the power, perhaps. Throws SystemError.
    void mark(const std::string& name) const;
    bool is_marked(const std::string& name) const;

    // Missing is as good as removed.
    void remove(const std::string& name) const;

    // The largest N of started.N.json and exit.N.json; 0 where it was never started.
    unsigned last_start() const;

    // A short path of a file in it, /proc/self/fd/N/NAME, for system calls that take no descriptor
    // and for socket addresses, which hold 108 bytes.
    std::string short_path(const std::string& name) const;

private:
    Fd directory_;
};
