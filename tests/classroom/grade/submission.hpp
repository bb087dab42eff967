// What is to be graded, and what became of it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/classroom/tool/marks.hpp"

struct Submission {
    std::string name;       // of the student
    std::string place{};    // a directory or a file: all that it gets to see of itself
    std::string program{};  // below the place; empty when the place is the program
    std::string fault{};    // why it cannot be graded
};

// Each entry of a directory: a program, or a directory in which one is called as the stage is
// (stage3, stage3.py, build/stage3-namespaces), or `run`, or is alone. Nothing is built.
std::vector<Submission> submissions_in(const std::string& directory, int stage);

// One program, with the directory that it lies in.
Submission submission_of(const std::string& program);

struct Grade {
    std::string name;
    std::vector<Mark> marks{};  // one for each test, in the order of the chapter
    std::string note{};         // time was up, it could not be started

    int points() const;
};

struct Grading {
    int stage = 0;
    std::uint64_t seed = 0;
    std::chrono::seconds time_limit{120};
    std::size_t at_a_time = 2;
    std::string tree{}, build{};
    std::string class_directory{};  // in which all submissions are, if one was named
    std::string tests{};            // the name of the tests' program in BUILD/tests
    std::string expression{};       // which cases
    std::vector<std::string> cases{};
};

// In the order of the submissions. What one of them does is felt by no other.
std::vector<Grade> grade_all(const Grading& grading, const std::vector<Submission>& submissions);

std::string grades_as_text(const Grading& grading, const std::vector<Grade>& grades);
std::string grades_as_json(const Grading& grading, const std::vector<Grade>& grades);
