// Reading a container's log: all of it or its end, and on as it grows. `logs` and `attach` are both
// this; so a slow reader never holds a container up, and nothing is lost between start and exit.
#pragma once

#include <functional>
#include <string>

#include "stage6-daemon-shim/core/contract/log_line.hpp"
#include "stage6-daemon-shim/core/daemon/log_watch.hpp"

struct LogSelection {
    bool standard_output = false, standard_error = false;
    bool timestamps = false;
    bool offsets = false;           // each text behind the log's offset after it: our own clients
    WallTime since = 0, until = 0;  // 0: no bound
};

// Reads on from an offset, in pieces of a bounded size.
class LogReader {
public:
    explicit LogReader(ContainerPointer container) : container_{std::move(container)} {}

    // False while there is no log yet; the others call it too. Throws Failure where it is no
    // regular file, SystemError.
    bool open();

    // At the log's end now, or where its last `lines` lines begin.
    void seek_to_end();
    void seek_to_last_lines(std::uint64_t lines);
    void seek(std::uint64_t offset) { offset_ = offset; }
    std::uint64_t offset() const { return offset_; }

    // Appends the next entries to `output`, framed, and goes on behind them; false when there was
    // no whole entry left. At most some 64 KiB a call.
    bool read_entries(const LogSelection& selection, bool framed, std::string& output);

private:
    ContainerPointer container_;
    Fd log_;
    std::uint64_t offset_ = 0;
};

// Sends everything from the reader's place on through `write`, and waits for more until `is_over`
// says, when asked before a look at the log, that no more will come.
Task<void> follow_log(LogWatch& watch, ContainerPointer container, LogReader reader,
                      LogSelection selection, std::function<Task<void>(std::string_view)> write,
                      std::function<bool()> is_over);
