// Rows in columns, as Docker's client prints them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

class Table {
public:
    // Each column as wide as its widest cell and three more, at least `width_min`.
    explicit Table(std::vector<std::string> headings, std::size_t width_min = 10)
        : width_min_{width_min} {
        rows_.push_back(std::move(headings));
    }

    // As many cells as there are headings. What a terminal would obey is made visible.
    void add(std::vector<std::string> cells);

    // With a width of the terminal (0: not one) the widest columns but the first are cut, with
    // "…", until a row fits. In colours the headings are bold, and a container's status says by its
    // colour how it is.
    std::string text(std::size_t terminal_width, bool colours = false) const;

private:
    std::size_t width_min_;
    std::vector<std::vector<std::string>> rows_;
};

// The columns of the terminal at standard output; 0 where it is not one.
std::size_t terminal_width();

// Whether standard output is a terminal and NO_COLOR (no-color.org) is not set.
bool has_colours();

// How many columns a text takes: its characters (UTF-8).
std::size_t text_width(const std::string& text);

// The text, or its first characters and "…" where it is wider.
std::string shortened(const std::string& text, std::size_t width);
