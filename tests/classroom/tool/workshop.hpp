// What readers get to work in: the files that a stage needs, in a directory of their own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/error.hpp"

struct Workshop {
    std::string tree;     // the project
    std::string build;    // its build directory: what is compiled there is lent to the reader's
    std::string tests{};  // the program that holds the cases, when it is not the usual one
};

// "stage3-namespaces". Throws Failure when the tree has no such stage.
std::string stage_folder(const std::string& tree, int stage);

bool has_stage(const std::string& tree, int stage);

// "book/03-namespaces.md"; "the book" where the chapter is not there.
std::string chapter_of(const std::string& tree, int stage);

// The folders that the stage's program is made of, its own last.
std::vector<std::string> folders_for(const std::string& tree, int stage);

// Throws Failure unless the directory is not there yet, or is empty.
void require_new_directory(const std::string& directory);

// The stage's sources and those of the stages that it uses, without what it does not need; and what
// of them is compiled already.
void copy_sources(const Workshop& workshop, int stage, const std::string& directory);

// One of them, by its path from the top of the tree, with its time: by that make knows what need
// not be compiled again.
void copy_source(const Workshop& workshop, const std::string& path, const std::string& directory);

// This machine has no program for it.
class NoTool : public Failure {
    using Failure::Failure;
};

// Makes a change to a copy. Throws Failure when it does not fit, NoTool without patch(1) and git.
void apply_patch(const std::string& patch, const std::string& directory);

// What its links name below `from` ("book/exercises") is named by whole paths: it will be read
// elsewhere.
std::string with_whole_links(const std::string& text, const std::string& tree,
                             const std::string& from);

std::string replaced(std::string text, std::string_view what, std::string_view by);

// The program that holds the black-box cases of a stage.
std::string tests_of(const Workshop& workshop, int stage);

// The program that `make` in such a directory builds.
std::string program_in(const std::string& tree, int stage, const std::string& directory);
