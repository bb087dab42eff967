// What the tests of stages 3, 4 and 5 share: a container started by any of the three programs.
// What a stage promises holds for the later ones too, so one case asks them all. Where a reader's
// own program is checked it is asked alone (`make check`).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/support/testing.hpp"

using Words = std::vector<std::string>;

// The stages from 3 to 5 whose programs are there: a copy of the project may end before.
std::vector<int> container_stages();

// The stages among them that have roots of their own.
std::vector<int> stages_with_roots();

// The name of the stage's program, with which its error messages begin.
std::string program_name(int stage);

// A place for files, and the command lines that start them in a container of one of the stages.
// Stage 3 has the host's files; for stages 4 and 5 the place is the root, and holds the probe.
// A later stage's program may stand for an earlier one's: `make check STAGE=5` puts it in the place
// of all three, and it is given a root in each.
class StageContainer {
public:
    // Ends the case as skipped where an ordinary user cannot make a user namespace.
    explicit StageContainer(int stage);

    // The stage whose command line the program has: that which was asked for, or a later one.
    int stage() const { return stage_; }

    // Whether it has a root of its own. It holds the probe, and nothing else.
    bool has_root() const { return stage_ > 3; }

    // See program_name.
    std::string name() const;

    // A file of the place: as the host sees it, and as the container does.
    std::string outside(const std::string& name) const { return place_ + "/" + name; }
    std::string inside(const std::string& name) const;

    // The probe's path, as the container sees it.
    std::string probe_inside() const;

    // The command line that runs `command` inside, with these options, and --quiet.
    Words command(const Words& command, const Words& options = {}) const;

    // The same for a verb of the probe.
    Words probing(const Words& verb, const Words& options = {}) const;

    // --only with these kinds ("pid,net"), and with mnt where a root needs it.
    Words only(const std::string& kinds) const;

private:
    std::string program_;
    int stage_;
    std::string place_;
};

// Ends the case as skipped where this user cannot make a user namespace.
void need_user_namespaces();

// The command as user and group 65534, for a case that root runs; as an ordinary user the command
// itself. The program is copied to where that user can read it.
Words as_ordinary_user(Words command);

// Makes TMPDIR of a program a directory in which anybody can make files, and returns it.
std::string shared_temporary_directory(RunOptions& options);

// The number, outside, of the first process of the container that this program has started; waits
// until there is one.
pid_t first_process_of(pid_t runner);

// Whether a process of this number lives. A zombie does not.
bool is_alive(pid_t pid);

// Waits for a moment of the program's start: until it has had this many page faults, of which every
// start has about a hundred, or has printed `started`. They count how far it has come, however busy
// the machine is.
void wait_for_page_faults(const Process& process, unsigned long faults, std::string_view started);

// A file with exactly this content and mode.
void make_file(const std::string& path, std::string_view content, unsigned mode);

// The names in a directory, sorted.
Words names_in(const std::string& directory);

// Empty if it is one line, ended, that holds each of the words; else what is wrong with it. For a
// reader's own program, whose messages may begin with any name.
std::string fault_of_line(const std::string& text, const Words& words);

// Empty if it is one line, ended, that begins with `name: ` and holds each of the words; else what
// is wrong with it.
std::string fault_of_message(const std::string& text, const std::string& name, const Words& words);

// In a single-threaded test: a number from 0 to `largest`, from the run's seed.
unsigned random_number(unsigned largest);
