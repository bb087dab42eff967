// Reading a container's log: all of it or its end, and on as it grows. `logs` and `attach` are both
// this; so a slow reader never holds a container up, and nothing is lost between start and exit.
#pragma once

#include <functional>
#include <string>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/log_line.hpp"
#include "stage6-daemon-shim/core/daemon/log_watch.hpp"

struct LogSelection {
    bool standard_output = false, standard_error = false;
    bool timestamps = false;
    bool details = false;           // what --log-opt labels= and env= chose, before each text
    bool framed = true;             // in Docker's stream frames; a terminal's only with offsets
    bool offsets = false;           // each text behind the log's offset after it: our own clients
    WallTime since = 0, until = 0;  // 0: no bound
};

// What was to be read next is gone: the log was rotated faster than it was read.
class LogGap : public Failure {
public:
    LogGap() : Failure{"the log was rotated away before it was read"} {}
};

// Reads on from a place, in pieces of a bounded size, through all the log's files. An offset is a
// file's generation (see contract/log_files.hpp) in its upper 24 bits, and a place in it.
class LogReader {
public:
    explicit LogReader(ContainerPointer container)
        : container_{std::move(container)}, rotates_{rotates_its_log(*container_)} {}

    // At the beginning of what there is, if it is nowhere yet. False while there is no log; the
    // others call it too. Throws Failure where it is no regular file, SystemError.
    bool open();

    // At the log's end now, where its last `lines` lines begin, or at an offset; at the beginning
    // where that is gone.
    void seek_to_end();
    void seek_to_last_lines(std::uint64_t lines);
    void seek(std::uint64_t offset);

    // Where to look for files that are not on the disk any more; it must outlive the reading.
    void use(const LogChain& chain) { chain_ = &chain; }

    // Appends the next entries to `output`, framed, and goes on behind them; false when there was
    // no whole entry left. At most some 64 KiB a call. Throws LogGap.
    bool read_entries(const LogSelection& selection, bool framed, std::string& output);

    // Whether it has met an entry that is later than `until`.
    bool past_until() const { return past_until_; }

private:
    bool read_of_file(const LogSelection& selection, bool framed, std::string& output);
    bool go_to_next_file();
    LogFilePointer file_of(std::uint64_t generation) const;

    ContainerPointer container_;
    bool rotates_;
    bool from_first_ = false;  // it was there before the log: nothing may be missing
    const LogChain* chain_ = nullptr;
    LogFilePointer file_;
    std::uint64_t offset_ = 0;  // in the file
    bool past_until_ = false;
};

// Sends everything from the reader's place on through `write`, and waits for more until `is_over`
// says, when asked before a look at the log, that no more will come. A reader that is too far
// behind is told so in a frame of the stream, where it has frames, and that is the end; without
// frames it throws LogGap.
Task<void> follow_log(LogWatch& watch, ContainerPointer container, LogReader reader,
                      LogSelection selection, std::function<Task<void>(std::string_view)> write,
                      std::function<bool()> is_over);
