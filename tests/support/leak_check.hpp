// What a case may leave behind, and how it is found.
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

// What is there at one moment, from the point of view of the calling process.
struct Snapshot {
    std::set<std::string> mounts;      // lines of mountinfo without their numbers
    std::set<std::string> interfaces;  // names
    std::set<std::string> cgroups;     // of the engine, outside the groups of a case
};

std::set<std::string> mounts_now();
std::set<std::string> network_interfaces_now();

// One sentence for each difference; also for what was there and is gone.
std::vector<std::string> differences(Snapshot before, const Snapshot& after);

// What is in a case's $TMPDIR, which is its $HOME too, and was not made by temporary_directory().
std::vector<std::string> files_left_in(const std::string& directory);

struct LivingProcess {
    pid_t pid = 0;
    std::string command_line;
};

// Children of this process and theirs, those that have ended left out.
std::vector<LivingProcess> living_descendants();
std::vector<LivingProcess> living_descendants_of(pid_t process);

// Whether one of them is at work, waits for the disk, or was killed and has not come to its end
// yet.
bool is_any_busy(const std::vector<LivingProcess>& processes);

// What to do about a sentence that says what was left behind; empty where there is no advice. For
// whoever has written the program: the case's own hints are about what it asked for.
std::string hint_about_leak(const std::string& sentence);

// The open descriptors of this process and what each stands for.
std::map<int, std::string> open_descriptors();

// Removes a directory with all that is in it; what is mounted there is unmounted first. Where that
// fails nothing is removed, since it could be anybody's files. Returns what went wrong.
std::string remove_directory(const std::string& directory);
