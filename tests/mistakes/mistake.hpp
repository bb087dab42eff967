// Wrong programs, to be seen going wrong: each does what a listing of the articles does, and the
// chapter shows its output beside the right version's.
#pragma once

#include <string>
#include <vector>

struct Mistake {
    std::string name;  // what is typed: `mistake one-client-at-a-time PORT`
    std::string what;  // one line for `mistake --help`: what it does wrong
    // Its arguments, its own name left out; the result is the exit code.
    int (*run)(const std::vector<std::string>& arguments);
};

// One list a stage, in the order of its chapter.
std::vector<Mistake> stage1_mistakes();
std::vector<Mistake> stage2_mistakes();
std::vector<Mistake> stage3_mistakes();
std::vector<Mistake> stage4_mistakes();
std::vector<Mistake> stage5_mistakes();
