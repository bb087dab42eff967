// A page of the book, taken apart: as much of Markdown as the book uses.
#pragma once

#include <string>
#include <vector>

#include "tests/support/source.hpp"

// A fenced block. Its lines are without the indentation that the fence itself has.
struct Fence {
    std::size_t line = 0;              // of the opening fence
    std::size_t section = 0;           // how many headings stand above it
    std::string indent;                // in front of the fence
    std::vector<std::string> words{};  // behind it: "cpp", "common/fd.hpp", "Fd::close"
    std::vector<std::string> lines{};
};

struct PageLink {
    std::size_t line = 0;
    std::string target;
    bool is_picture = false;
};

struct Span {
    std::size_t line = 0;
    std::string text;
};

struct Page {
    std::string path;  // from the top of the tree
    std::string text;
    std::vector<Fence> fences{};
    std::vector<PageLink> links{};
    std::vector<std::string> anchors{};  // of its headings, as GitHub and pandoc name them
    std::vector<Span> code{};            // what stands between backticks
    std::vector<Span> prose{};           // lines outside fences
};

Page page_of(const SourceFile& file);

// Blank-separated words; the lines without what they are all indented by.
std::vector<std::string> split_words(std::string_view text);
std::vector<std::string> without_indentation(std::vector<std::string> lines);
