// Version 2 has a rule: a group that holds processes hands no controllers to groups below it; only
// the top of the tree may do both ("no internal processes", cgroups(7)). Our own group holds at
// least ourselves, so on such machines somebody has to move before a container can be limited.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "stage5-cgroups/hierarchies.hpp"

// For a version 2 hierarchy: puts into `own_group` the group below which ours are to be made. That
// is our own, if we are alone in it with our children; else the top of the tree where we may write
// to it, as the articles do; else still our own, and divide() says why it does not work.
void choose_place(Hierarchy& hierarchy);

// Lets the groups below GROUP/slipway, which is there, have this controller. If need be we move
// with our children into GROUP/slipway-leaf first. Throws Failure naming those who are in the way.
void divide(const std::string& group, const std::string& controller);

// For a process that has others start containers: it moves aside before it starts anybody, and back
// at its end. Where the rule does not matter, or others are in the way, nothing is moved.
class MovedAside {
public:
    MovedAside();
    MovedAside(const MovedAside&) = delete;
    MovedAside& operator=(const MovedAside&) = delete;
    ~MovedAside();

private:
    std::vector<std::string> groups_;
};

// The way back, when nobody but us is in GROUP/slipway-leaf: then it is removed. Never throws.
void leave_leaf(const std::string& group);

// The processes in a group; 0 stands for one that our PID namespace cannot see. A group that is
// not there has none.
std::vector<pid_t> processes_in(const std::string& group);
