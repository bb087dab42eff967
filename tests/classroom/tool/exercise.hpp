// An exercise as book/exercises/N.M.md describes it. Its first line is `# N.M Title`, its third
// says of which kind it is:
//
//   Size S · hole · `stage3-namespaces/init.cpp` `reap_every_child`
//   Size M · beyond · [answer](../answers/3.4.patch)
#pragma once

#include <string>
#include <vector>

struct Exercise {
    std::string id;  // "3.2"
    int stage = 0;
    std::string title{};
    std::string text_path{};  // from the top of the tree, as all paths here

    // A hole: the reference has it, the reader gets it without these functions of one file.
    std::string file{};
    std::vector<std::string> functions{};

    // Beyond: the reference does not have it, the answer is a patch.
    std::string answer{};

    bool is_beyond() const { return !answer.empty(); }
};

// Throws Failure: there is no such exercise, or its text is not as above (with file and line).
Exercise read_exercise(const std::string& tree, const std::string& id);

// Those of the stages that are in the tree, in order.
std::vector<Exercise> all_exercises(const std::string& tree);
