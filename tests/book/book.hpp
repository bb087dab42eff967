// The book and what it is checked for, on any tree of files. Each fault names page and line.
#pragma once

#include <string>
#include <vector>

#include "tests/book/markdown.hpp"

struct Book {
    std::string directory;           // the top of the tree
    std::vector<Page> pages{};       // every .md file
    std::vector<SourceFile> code{};  // every .hpp and .cpp file of common and the stages
};

Book read_book(const std::string& directory);

// "03" for book/03-namespaces.md, its exercises (book/exercises/3.1.md) and its stage's README.md;
// "common" for book/common.md, "README" for the README.md at the top, "book" for what is left.
std::string chapter_of(const std::string& path);

// Quotes of the sources: `cpp FILE NAME` is that definition, `cpp FILE` a run of the file's lines;
// a line that is only `// ...` stands for lines left out.
std::vector<Fault> check_quotes(const Book& book, const Page& page);

// The page's text with each named quote that is stale filled again. One with lines left out is not
// touched, since nobody but its author knows where the gaps belong now: check_quotes reports it.
std::string refilled(const Book& book, const Page& page);

// Relative links and their anchors.
std::vector<Fault> check_links(const Book& book, const Page& page);

// The pictures that a page shows are there, and drawn as the others are.
std::vector<Fault> check_pictures(const Book& book, const Page& page);

// One drawing: its length, its title, what it may not hold, and that each element is closed.
std::vector<Fault> check_drawing(const SourceFile& picture);

// Pictures that no page shows.
std::vector<Fault> check_unused_pictures(const Book& book);

// "line 42", "fd.hpp:12": wrong after the next change.
std::vector<Fault> check_line_numbers(const Page& page);

// Every definition of the folder is quoted or named in the chapter that is about it. What stands
// inside a class is the class's; a constant may also be named in a quote.
std::vector<Fault> check_coverage(const Book& book, const Page& page);
