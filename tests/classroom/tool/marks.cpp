#include "tests/classroom/tool/marks.hpp"

#include "tests/support/source.hpp"

// "a silent client delays nobody" of "passed: a silent client delays nobody (0.1 s)".
static std::string name_in(const std::string& line, std::size_t start) {
    return line.substr(start, line.rfind(" (") - start);
}

std::vector<Mark> marks_in(std::string_view output) {
    std::vector<Mark> marks;
    bool in_text = false;
    for (const std::string& line : lines_of(output.substr(0, output.rfind('\n') + 1))) {
        in_text = in_text && line.starts_with("    ");
        if (line.starts_with("passed: ")) {
            marks.push_back({name_in(line, 8), Verdict::passed});
        } else if (line.starts_with("FAILED: ")) {
            marks.push_back({name_in(line, 8), Verdict::failed});
            in_text = true;
        } else if (line.starts_with("skipped: ")) {
            marks.push_back({line.substr(9, line.rfind(": ") - 9), Verdict::skipped});
        } else if (in_text) {
            marks.back().text += line.substr(4) + "\n";
        }
    }
    return marks;
}

std::string what_to_read(const Mark& mark) {
    const auto start = mark.text.find("not written yet: ");
    if (start == std::string::npos) return {};
    const auto read = mark.text.find(": read ", start);
    if (read == std::string::npos) return {};
    return mark.text.substr(read + 7, mark.text.find_first_of("\n\\", read) - read - 7);
}

std::string hint_in(const Mark& mark) {
    static constexpr std::string_view kWords = "hint: ";
    if (!mark.text.starts_with(kWords)) return {};
    return mark.text.substr(kWords.size(), mark.text.find('\n') - kWords.size());
}
