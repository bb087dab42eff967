#include "stage6-daemon-shim/core/client/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "common/error.hpp"

static constexpr std::size_t kGap = 3;
static constexpr std::size_t kCutWidthMin = 10;

std::size_t text_width(const std::string& text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char byte) { return (byte & 0xc0) != 0x80; }));
}

std::string shortened(const std::string& text, std::size_t width) {
    if (text_width(text) <= width) return text;
    std::string result;
    std::size_t characters = 0;
    for (const char byte : text) {
        if ((byte & 0xc0) != 0x80 && ++characters >= width) break;
        result += byte;
    }
    return result + "…";
}

std::size_t terminal_width() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1) return 0;
    return size.ws_col;
}

bool has_colours() {
    const char* no_colour = std::getenv("NO_COLOR");
    return (no_colour == nullptr || *no_colour == '\0') && ::isatty(STDOUT_FILENO) == 1;
}

void Table::add(std::vector<std::string> cells) {
    cells.resize(rows_.front().size());
    for (auto& cell : cells) cell = printable(cell);
    rows_.push_back(std::move(cells));
}

static void fit(std::vector<std::size_t>& widths, std::size_t terminal) {
    auto total = std::accumulate(widths.begin(), widths.end(), std::size_t{0}) - kGap;
    while (total > terminal) {
        const auto widest = std::max_element(widths.begin() + 1, widths.end());
        if (widest == widths.end() || *widest <= kCutWidthMin) return;
        --*widest;
        --total;
    }
}

// The escape sequence of a status (ECMA-48, SGR); empty for what needs no attention.
static std::string_view colour_of(const std::string& cell) {
    if (cell.find("(unhealthy)") != std::string::npos) return "\x1b[31m";
    if (cell.find("(Paused)") != std::string::npos) return "\x1b[33m";
    if (cell.starts_with("Up ")) return "\x1b[32m";
    if (cell.starts_with("Restarting ")) return "\x1b[33m";
    if (cell == "Dead" || (cell.starts_with("Exited (") && !cell.starts_with("Exited (0)"))) {
        return "\x1b[31m";
    }
    return {};
}

static std::string coloured(const std::string& text, std::string_view colour) {
    return colour.empty() ? text : std::string{colour} + text + "\x1b[0m";
}

std::string Table::text(std::size_t terminal, bool colours) const {
    std::vector<std::size_t> widths(rows_.front().size(), width_min_);
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], text_width(row[i]) + kGap);
        }
    }
    if (terminal > 0) fit(widths, terminal);
    std::string output;
    for (const auto& row : rows_) {
        const bool is_heading = &row == &rows_.front();
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string cell =
                terminal > 0 && i > 0 ? shortened(row[i], widths[i] - kGap) : row[i];
            const bool is_status = rows_.front()[i] == "STATUS";
            const std::string_view colour = is_heading  ? "\x1b[1m"
                                            : is_status ? colour_of(row[i])
                                                        : std::string_view{};
            output += colours ? coloured(cell, colour) : cell;
            if (i + 1 < row.size()) output.append(widths[i] - text_width(cell), ' ');
        }
        output += '\n';
    }
    return output;
}
