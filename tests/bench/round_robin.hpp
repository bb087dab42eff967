// The one way in which things are compared: each has its turn in every round, so that a busy
// machine disturbs all alike, and the order rotates.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

struct Contestant {
    std::string name;
    std::function<double()> turn;  // returns what it measured; throws when it went wrong
};

struct Series {
    std::string name;
    std::vector<double> values;  // one a round; empty when a turn went wrong
    std::string fault;           // why it is empty
};

struct Rounds {
    int count = 1;
    int warm_up = 1;                   // rounds before, which do not count
    std::chrono::milliseconds gap{0};  // of quiet before each turn
};

// In the order of the contestants. One whose turn goes wrong takes no further part.
std::vector<Series> round_robin(const std::vector<Contestant>& contestants, const Rounds& rounds);

// The series of that name; nullptr when there is none or it has no values.
const Series* find_series(const std::vector<Series>& all, const std::string& name);
