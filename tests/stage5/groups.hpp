// Where the control groups of a container are, as the host sees them.
#pragma once

#include <string>
#include <utility>

#include "tests/stage3/container.hpp"

// Ends the case as skipped where we cannot set limits: no controllers, or not ours to write to.
void need_limits();

// A container of stage 5 whose root holds a shell and these programs of the host.
StageContainer container_with_programs(const Words& programs);

// The directories of the groups in which a process lives and we do not.
Words groups_of_process(pid_t pid);

// A limit, read from the groups: the first of the files, given by the names of version 2 and
// version 1, that is there. Without its newline.
std::string limit_in(const Words& groups, const Words& files);

// The CPU quota, read from the groups: "50000 100000" are so many microseconds in each so many;
// also of version 1, which keeps them in two files.
std::string cpu_quota_in(const Words& groups);

inline const Words kMemoryFiles = {"memory.max", "memory.limit_in_bytes"};
inline const Words kPidsFiles = {"pids.max"};

// The ID from "container-ID", the host name of a container of stage 5.
std::string id_of(const std::string& hostname);

// A program that runs a container, and the groups of its first process.
class Running {
public:
    // The command must print `ready`.
    Running(const Words& command, const std::string& ready);

    Process& runner() { return runner_; }
    pid_t first() const { return first_; }
    const Words& groups() const { return groups_; }
    std::string limit(const Words& files) const { return limit_in(groups_, files); }
    std::string cpu_quota() const { return cpu_quota_in(groups_); }

    // Those of them that are still there, a line each.
    std::string groups_left() const;

    // Fails the case unless they are gone within the time of a deadline.
    void check_groups_gone() const;

    // Ends it by SIGTERM.
    void end();

private:
    Process runner_;
    pid_t first_;
    Words groups_;
};

// Groups in every hierarchy where there can be limits, handed over to an ordinary user as a system
// manager does it, and removed afterwards.
class DelegatedGroups {
public:
    DelegatedGroups();
    DelegatedGroups(const DelegatedGroups&) = delete;
    DelegatedGroups& operator=(const DelegatedGroups&) = delete;
    ~DelegatedGroups();

    // The command line, as of as_ordinary_user, that runs inside of them.
    Words entering(const Words& command) const;

    // Those below them: what has been left behind.
    Words left() const;

    const Words& directories() const { return directories_; }

private:
    Words directories_;
};
