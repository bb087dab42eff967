#include "tests/bench/report.hpp"

#include <algorithm>
#include <cmath>

#include "common/file.hpp"
#include "tests/bench/statistics.hpp"

void Report::put(const std::string& text) {
    if (!quiet_) print(text);
    text_ += text;
}

void Report::heading(const std::string& text) {
    put("\n## " + text + "\n\n");
}

void Report::paragraph(const std::string& text) {
    put(text + "\n\n");
}

static std::string padded(const std::string& text, std::size_t width, bool to_the_right) {
    // Characters, not bytes: the continuation bytes of UTF-8 do not count.
    const auto length = static_cast<std::size_t>(
        std::ranges::count_if(text, [](char byte) { return (byte & 0xc0) != 0x80; }));
    const std::string space(width > length ? width - length : 0, ' ');
    return to_the_right ? space + text : text + space;
}

void Report::table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths(rows.at(0).size(), 3);
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (std::size_t line = 0; line < rows.size(); ++line) {
        for (std::size_t i = 0; i < widths.size(); ++i) {
            text +=
                "| " + padded(i < rows[line].size() ? rows[line][i] : "", widths[i], i > 0) + " ";
        }
        text += "|\n";
        if (line > 0) continue;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            text += "|" + std::string(widths[i] + 1, '-') + (i > 0 ? ":" : "-");
        }
        text += "|\n";
    }
    put(text + "\n");
}

void Report::add(Target target) {
    targets_.push_back(std::move(target));
}

void Report::targets() {
    quiet_ = false;
    if (targets_.empty()) return;
    heading("Targets");
    std::vector<std::vector<std::string>> rows{{"ratio", "measured", "target", ""}};
    int missed = 0;
    int unknown = 0;
    for (const Target& target : targets_) {
        const bool known = !std::isnan(target.value);
        if (!known) ++unknown;
        if (known && !target.is_met()) ++missed;
        rows.push_back({target.what, number_text(target.value),
                        (target.at_most ? "<= " : ">= ") + number_text(target.bound),
                        !known            ? target.why_not
                        : target.is_met() ? "ok"
                                          : "falls short"});
    }
    table(rows);
    paragraph(std::to_string(targets_.size()) + " targets: " + std::to_string(missed) +
              " fall short, " + std::to_string(unknown) + " not measured");
}
