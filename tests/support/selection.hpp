// Which cases run on this machine, and where the others do.
#pragma once

#include <string>
#include <vector>

#include "tests/support/case.hpp"

// What a case may need, as tags: at least one of each group that it names.
struct Machine {
    bool is_root = false;
    std::string cgroup_layout;  // "v1", "v2", "hybrid"
    bool has_apparmor = false;
    bool is_ours = false;  // a virtual one, whose clock may be set
};

struct Selection {
    std::vector<Case> here;
    std::vector<std::string> elsewhere;  // "12 cases need root: sudo make test"
};

Machine this_machine();

Selection select_for(const Machine& machine, const std::vector<Case>& cases);
