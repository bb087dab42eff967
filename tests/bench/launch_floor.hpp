// The least work that a launch can be: the bare system calls, each piece to be left out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/group_places.hpp"

// How the child comes into its control group.
enum class Join {
    none,
    tasks,  // version 1: it writes 0 to `tasks`, as its own first act
    procs,  // version 1: its parent writes its pid to `cgroup.procs`, while it waits
    born,   // version 2: clone3 with CLONE_INTO_CGROUP
    moved,  // version 2: as `procs`
};

enum class Entry { none, change_root, pivot };

struct LaunchPlan {
    std::uint64_t namespaces = 0;  // CLONE_NEW*; with CLONE_NEWUSER the ids are mapped too
    Entry entry = Entry::none;
    std::string root{};       // a directory
    bool mount_proc = false;  // /proc
    bool mount_all = false;   // and what stage 5 mounts, see there
    bool loopback = false;    // the network's own lo comes up
    Join join = Join::none;
    bool limits = true;                  // 64 MiB and 64 processes in that group
    std::vector<std::string> command{};  // without one the child ends at once
};

// Milliseconds of each part, as the parent sees it.
struct LaunchTimes {
    double make_group = 0, start = 0, join = 0, run = 0, remove_group = 0;
    double total() const { return make_group + start + join + run + remove_group; }
};

// One launch, from nothing to nothing. Throws when a part of it fails or the command does.
LaunchTimes launch(const LaunchPlan& plan, const GroupPlaces& places);

// All but the user namespace: what the comparison of runtimes uses.
extern const std::uint64_t kAllNamespaces;
