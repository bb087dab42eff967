// Control groups for the cases: each gets a group of its own in every hierarchy that the programs
// under test may use, so that nothing that they make there meets another case's (cgroups(7)).
#pragma once

#include <string>
#include <vector>

// Where the groups of the cases are made, in one hierarchy.
struct CgroupPlace {
    std::string directory;
    std::string home;  // the group of the runner itself, where a supervisor goes when it is done
    bool is_version2 = false;
};

// The places of this machine, below the runner's own group. With controllers on version 2 a group
// that has sub-groups may hold no process, so the runner moves into a leaf until it is destroyed.
// What cannot be had is left out: then the programs meet the machine as it is.
class CgroupPlaces {
public:
    CgroupPlaces();
    CgroupPlaces(const CgroupPlaces&) = delete;
    CgroupPlaces& operator=(const CgroupPlaces&) = delete;
    ~CgroupPlaces();

    const std::vector<CgroupPlace>& all() const { return places_; }

    // The groups of the engine itself ("slipway/...") that stand beside those of the cases.
    std::vector<std::string> groups_of_engine() const;

private:
    void prepare_version2(CgroupPlace& place, const std::string& mount_point);

    std::vector<CgroupPlace> places_;
    std::string leaf_;
    std::vector<std::string> enabled_;  // controllers, in the group above the leaf
};

// The groups of one case. The process that makes them is in them until it destroys them.
class CaseCgroups {
public:
    CaseCgroups(const std::vector<CgroupPlace>& places, const std::string& name);
    CaseCgroups(const CaseCgroups&) = delete;
    CaseCgroups& operator=(const CaseCgroups&) = delete;
    ~CaseCgroups();

    // What was made below them and is still there.
    std::vector<std::string> left_behind() const;

    // Lets frozen processes run, so that they can die.
    void thaw() const;

private:
    CaseCgroups() = default;

    struct Group {
        std::string directory;
        CgroupPlace place;
    };
    std::vector<Group> groups_;
};

// "v1", "v2" or "hybrid": which hierarchies are mounted.
std::string cgroup_layout();
