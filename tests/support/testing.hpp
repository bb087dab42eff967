// What a test is written with: programs started, fed and waited for, each with a deadline.
//
// The name of a case is a sentence about behaviour. Its tags say the topic ([stage3]) and what it
// needs: [root] or [user] (an ordinary user), [v1] [v2] [hybrid] (one of these cgroup layouts),
// [serial] (alone, after the others, in the host's own namespaces), [slow] (30 minutes, not 3),
// [vm] (in a virtual machine, whose clock it may set). Of a [contract] the case tagged [first] is
// asked first: a program that fails it is asked no other. Each case is a process of its own; after
// it the runner looks for what was left behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.hpp"
#include "common/process.hpp"
#include "tests/support/catch.hpp"

// How long a program may take to answer: 30 s, since many run at once and the machine may be slow,
// and 5 s when a reader's own program is checked, where somebody waits for the word.
std::chrono::milliseconds usual_deadline();

// A deadline as it is meant here: $SLIPWAY_TEST_PATIENCE times as long on a slow machine, such as
// an emulated one. Every deadline below goes through it.
std::chrono::milliseconds patient(std::chrono::milliseconds deadline);

struct RunOptions {
    std::string input{};                     // what it finds on stdin
    std::vector<std::string> environment{};  // "NAME=value" each, on top of our own
    std::string directory{};                 // where it starts, if not here
    std::chrono::milliseconds deadline{usual_deadline()};
    bool inherit_stdin_closed = false;  // it starts with descriptor 0 closed
};

struct Result {
    int exit_code = 0;  // 128 + n when signal n killed it; 126 or 127 when it did not start
    std::string out{}, err{};
    bool timed_out = false;      // and was killed
    std::string command_line{};  // to paste into a shell
    std::chrono::milliseconds deadline{};
    int killed_by = 0;  // the signal, if one did
};

// INFO(result): the command, how it ended, both streams.
std::ostream& operator<<(std::ostream& stream, const Result& result);

// Runs a program to its end, and until nobody holds its output any more; at the deadline it is
// killed with its process group. A command without a slash is looked for along PATH.
Result run(const std::vector<std::string>& command, const RunOptions& options = {});

// A program in the background, the leader of a process group of its own. The destructor kills the
// group of one that has not been waited for, and reaps it. What takes longer than the deadline
// throws, and the text shows both streams.
class Process {
public:
    explicit Process(const std::vector<std::string>& command, const RunOptions& options = {});
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    pid_t pid() const { return pid_; }

    // Sends to its stdin. What it no longer wants to read is dropped.
    void send(std::string_view text);
    void close_stdin();

    // The next line of stdout without its newline. Throws at the end of the output too.
    std::string read_line();

    // Until stdout (stderr) so far contains the text. Throws when it ends without.
    void wait_for_output(std::string_view text);
    void wait_for_error(std::string_view text);

    // Everything so far.
    std::string out() const;
    std::string err() const;

    void signal(int number);

    // Its exit code (see Result). May be called again.
    int wait();

    const std::string& command_line() const { return command_line_; }

private:
    friend Result run(const std::vector<std::string>& command, const RunOptions& options);

    bool is_over() const;
    void reap();
    void move_bytes(std::chrono::milliseconds at_most) const;
    void move_bytes_until(const std::function<bool()>& condition, std::string_view what) const;
    std::string describe() const;

    std::string command_line_;
    std::chrono::milliseconds deadline_;
    std::size_t line_start_ = 0;
    int exit_code_ = -1, killed_by_ = 0;
    pid_t pid_ = 0;
    mutable std::string unsent_, out_, err_;
    mutable Fd input_, output_, error_, pidfd_;
    mutable bool has_ended_ = false;
    Child child_;  // last: gone before its pipes are
};

std::ostream& operator<<(std::ostream& stream, const Process& process);

// The program of a stage: the value of $STAGE3, if set, else $BUILD/stage3-namespaces.
std::string program(int stage);

// A program by the name that it has in build/: the value of its variable ($SLIPWAY_SHIM for
// "slipway-shim"), if set, else $BUILD/NAME.
std::string built(const std::string& name);

// The static program that looks around inside a container (tests/probe).
std::string probe();

// The folder of the sources: $SLIPWAY_SOURCE, else where we are.
std::string source_directory();

// A fresh directory under the case's own $TMPDIR. The runner removes it with all that is in it;
// anything else that is left in $TMPDIR, which is $HOME too, is a leak.
std::string temporary_directory();

// Asks until it is so; after 30 seconds, or 10 of a reader's own program, it throws, naming `what`.
void wait_until(const std::function<bool()>& condition, std::string_view what);

bool is_root();

// A name that no other case has: letters and digits, from the seed of the run.
std::string random_name();

// What to think of when what follows fails: the last one said before is printed above all else.
void hint(const std::string& text);

// The stage whose contract a reader's own program is checked against; 0 when the project's own
// programs are tested.
int checked_stage();

// First thing in a case: ends it as skipped, and the reason is printed.
[[noreturn]] void skip(const std::string& reason);
