// The project's own text as the rules of the house see it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct SourceFile {
    std::string path;  // from the top of the tree: "common/fd.hpp"
    std::string text;
};

// What a rule found. A tree that keeps the rules has none.
struct Fault {
    std::string path;
    std::size_t line = 0;  // from 1; 0 for the file as a whole
    std::string what;
};

std::string describe(const std::vector<Fault>& faults);

// The same text with every comment and the inside of every literal blanked: lines and columns stay.
std::string code_of(std::string_view text);

// The lines, without their newlines.
std::vector<std::string> lines_of(std::string_view text);

// Where `word` stands as a whole word, as line numbers.
std::vector<std::size_t> lines_with_word(std::string_view text, std::string_view word);

// "stage3-namespaces" of "stage3-namespaces/init.cpp"; empty at the top.
std::string top_folder(const std::string& path);

// The last part of a path; the same without its extension.
std::string file_name(const std::string& path);
std::string stem(const std::string& path);

// 3 for anything below "stage3-namespaces/", 0 elsewhere.
int stage_of(const std::string& path);

bool is_code(const std::string& path);

// Rows of constants, one a line, may be as long as what they list: ".../system_calls_table.cpp".
bool is_table(const std::string& path);

// Every file of these kinds below the directory, build/ and hidden ones left out.
std::vector<SourceFile> read_tree(const std::string& directory);
