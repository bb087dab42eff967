// Programs as contestants: started, waited for, timed.
#pragma once

#include <string>
#include <vector>

#include "common/fd.hpp"
#include "common/process.hpp"

using Words = std::vector<std::string>;

// The words of a command with more behind them.
Words with(Words words, const Words& more);

// "$i" in a word becomes a number that no other run has.
struct Command {
    Words words;
    bool in_private_view = false;  // see PrivateView
};

// A mount namespace in which /sys/fs/cgroup/unified is hidden: crun refuses a machine that has both
// versions. Made for root on such a machine, otherwise nothing.
class PrivateView {
public:
    PrivateView();

    // From the one to the other, for what is started in between.
    void enter() const;
    void leave() const;

private:
    Fd host_, hidden_;
    Fd directory_;  // setns(2) leads to the root of the mounts
};

// Starts it, with /dev/null for its output and `input` (or /dev/null) for its stdin.
Child start_program(const Words& words, int input = -1);

// Runs it to its end with /dev/null for its standard streams and returns the milliseconds from
// before its start. Throws when its exit code is not 0.
double time_command(const Command& command, const PrivateView& view);

// The path of a program on the PATH (and in the sbin directories); empty when there is none.
std::string find_program(const std::string& name);

// What it prints for --version, the first line.
std::string version_of(const std::string& path);

// A directory that goes when its owner does, with all that is in it.
class ScratchDirectory {
public:
    ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    ~ScratchDirectory();

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

// A root file system in that directory with `program` as /bin/true, and nothing else but the
// directories that are mounted upon. Returns its path.
std::string make_small_root(const std::string& directory, const std::string& program);
