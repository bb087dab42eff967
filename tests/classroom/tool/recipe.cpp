// make diff: how the recipe grows from stage to stage.
#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/tool/handout.hpp"
#include "tests/support/definitions.hpp"
#include "tests/support/source.hpp"

static constexpr std::string_view kGreen = "\033[32m", kRed = "\033[31m", kPlain = "\033[0m";
static constexpr std::size_t kColumnCharactersMin = 70;

struct Row {
    std::string before, now;
    bool is_gone = false, is_new = false;
};

// The functions that are the recipe, as lines.
static std::vector<std::string> recipe_of(const std::string& tree, int stage) {
    const std::string source = read_file(tree + "/" + stage_folder(tree, stage) + "/main.cpp");
    std::vector<std::string> lines;
    for (const Definition& one : definitions_of(source)) {
        const bool is_step = one.name == "main" || one.name == "become_container" ||
                             one.text.find("// 1. ") != std::string::npos;
        if (!is_step) continue;
        if (!lines.empty()) lines.emplace_back();
        for (const auto& line : lines_of(one.text)) lines.push_back(line);
    }
    return lines;
}

// The longest common part of two lists of lines: lengths_[i][j] is that of what follows i and j.
class Common {
public:
    Common(const std::vector<std::string>& before, const std::vector<std::string>& now)
        : before_{before},
          now_{now},
          lengths_(before.size() + 1, std::vector<int>(now.size() + 1, 0)) {
        for (std::size_t i = before.size(); i-- > 0;) {
            for (std::size_t j = now.size(); j-- > 0;) {
                lengths_[i][j] = before[i] == now[j]
                                     ? lengths_[i + 1][j + 1] + 1
                                     : std::max(lengths_[i + 1][j], lengths_[i][j + 1]);
            }
        }
    }

    std::vector<Row> rows() const {
        std::vector<Row> rows;
        std::size_t i = 0, j = 0;
        while (i < before_.size() || j < now_.size()) {
            const bool both = i < before_.size() && j < now_.size();
            if (both && before_[i] == now_[j]) {
                rows.push_back({before_[i++], now_[j++]});
            } else if (i < before_.size() &&
                       (j == now_.size() || lengths_[i + 1][j] >= lengths_[i][j + 1])) {
                rows.push_back({before_[i++], "", true, false});
            } else {
                rows.push_back({"", now_[j++], false, true});
            }
        }
        return rows;
    }

private:
    const std::vector<std::string>& before_;
    const std::vector<std::string>& now_;
    std::vector<std::vector<int>> lengths_;
};

// What is gone and what came in its place stand beside each other.
static std::vector<Row> side_by_side(const std::vector<Row>& rows) {
    std::vector<Row> result;
    for (std::size_t i = 0; i < rows.size();) {
        std::vector<Row> gone, added;
        while (i < rows.size() && rows[i].is_gone) gone.push_back(rows[i++]);
        while (i < rows.size() && rows[i].is_new) added.push_back(rows[i++]);
        for (std::size_t k = 0; k < std::max(gone.size(), added.size()); ++k) {
            Row row;
            if (k < gone.size()) row = gone[k];
            if (k < added.size()) row.now = added[k].now, row.is_new = true;
            result.push_back(row);
        }
        if (gone.empty() && added.empty()) result.push_back(rows[i++]);
    }
    return result;
}

static std::string cut(const std::string& line, std::size_t width) {
    return line.size() <= width ? line + std::string(width - line.size(), ' ')
                                : line.substr(0, width - 3) + "...";
}

static std::string painted(const std::string& text, std::string_view color, const Paper& paper) {
    if (!paper.is_colored || color.empty()) return text;
    return std::string{color} + text + std::string{kPlain};
}

static std::string in_two_columns(const std::vector<Row>& rows, const Paper& paper) {
    const std::size_t width = (paper.columns - 5) / 2;
    std::string text;
    for (const Row& row : side_by_side(rows)) {
        text += painted((row.is_gone ? "- " : "  ") + cut(row.before, width),
                        row.is_gone ? kRed : "", paper);
        text += painted((row.is_new ? "+ " : "  ") + row.now.substr(0, width),
                        row.is_new ? kGreen : "", paper);
        text.erase(text.find_last_not_of(' ') + 1);
        text += "\n";
    }
    return text;
}

static std::string in_one_column(const std::vector<Row>& rows, const Paper& paper) {
    std::string text;
    for (const Row& row : rows) {
        const std::string line = row.is_gone  ? "- " + row.before
                                 : row.is_new ? "+ " + row.now
                                              : "  " + row.now;
        text += painted(line, row.is_gone ? kRed : row.is_new ? kGreen : "", paper) + "\n";
    }
    return text;
}

std::string recipe_beside(const std::string& tree, int stage, const Paper& paper) {
    const std::string now = stage_folder(tree, stage);
    const std::string before = stage_folder(tree, stage - 1);
    const auto old_lines = recipe_of(tree, stage - 1);
    const auto new_lines = recipe_of(tree, stage);
    const auto rows = Common{old_lines, new_lines}.rows();
    const auto added = std::ranges::count(rows, true, &Row::is_new);
    const auto gone = std::ranges::count(rows, true, &Row::is_gone);
    const std::string head = before + "/main.cpp | " + now + "/main.cpp: " + std::to_string(added) +
                             " lines new, " + std::to_string(gone) + " gone\n\n";
    const bool has_room = paper.columns >= 2 * kColumnCharactersMin + 5;
    return head + (has_room ? in_two_columns(rows, paper) : in_one_column(rows, paper));
}
