// Where the floors of a launch may make control groups on this machine (cgroups(7)).
#pragma once

#include <string>
#include <vector>

struct GroupPlaces {
    // Directories in which groups can be made; empty where there is none, or none for us.
    std::string memory_v1, pids_v1;
    std::string v2;
    bool v2_has_limits = false;  // memory and pids are controllers of version 2

    bool has_v1() const { return !memory_v1.empty() && !pids_v1.empty(); }
};

GroupPlaces find_group_places();

// "v1", "v2", "hybrid" or "none": which hierarchies are mounted.
std::string group_layout();
