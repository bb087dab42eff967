// Which definitions a chapter is silent about, and which of its words go stale unseen.
#include <algorithm>
#include <regex>

#include "tests/book/book.hpp"
#include "tests/support/definitions.hpp"

std::vector<Fault> check_line_numbers(const Page& page) {
    static const std::regex number{R"(\b[Ll]ines? \d+|\.[ch]pp:\d+)"};
    std::vector<Fault> faults;
    for (const Span& line : page.prose) {
        std::smatch match;
        if (!std::regex_search(line.text, match, number)) continue;
        faults.push_back({page.path, line.line, "refers to a line by its number: " + match.str()});
    }
    return faults;
}

// The folder that a chapter is about: "stage3-namespaces" for "03".
static bool is_about(const std::string& chapter, const std::string& folder) {
    if (chapter == "common") return folder == "common";
    const int stage = stage_of(folder + "/");
    return stage >= 1 && stage <= 5 && chapter == "0" + std::to_string(stage);
}

static bool has_word(std::string_view text, std::string_view word) {
    return !lines_with_word(text, word).empty();
}

// "add" of "Cgroup::add".
static std::string last_part(const std::string& name) {
    const std::size_t at = name.rfind("::");
    return at == std::string::npos ? name : name.substr(at + 2);
}

static std::string without_blanks(const std::string& line) {
    return line.substr(std::min(line.find_first_not_of(' '), line.size()));
}

static bool is_covered(const Page& page, const std::string& path, const Definition& definition) {
    const std::string name = last_part(definition.name);
    const auto names_it = [&](const Span& span) { return has_word(span.text, name); };
    if (std::ranges::any_of(page.code, names_it)) return true;
    const std::string head = without_blanks(lines_of(definition.text).front());
    return std::ranges::any_of(page.fences, [&](const Fence& fence) {
        if (fence.words.size() < 2 || fence.words[0] == "console") return false;
        return std::ranges::any_of(fence.lines, [&](const std::string& line) {
            if (fence.words[1] == path && without_blanks(line) == head) return true;
            return definition.kind == DefinitionKind::constant && has_word(line, name);
        });
    });
}

std::vector<Fault> check_coverage(const Book& book, const Page& page) {
    std::vector<Fault> faults;
    const bool is_chapter = page.path == "book/" + file_name(page.path);
    if (!is_chapter) return faults;
    for (const SourceFile& file : book.code) {
        if (!is_about(chapter_of(page.path), top_folder(file.path))) continue;
        std::size_t end_of_class = 0;
        for (const Definition& definition : definitions_of(file.text)) {
            if (definition.first_line <= end_of_class) continue;
            if (definition.kind == DefinitionKind::type) end_of_class = definition.last_line;
            if (definition.kind == DefinitionKind::alias) continue;
            if (is_covered(page, file.path, definition)) continue;
            faults.push_back({file.path, definition.first_line,
                              page.path + " neither quotes nor names " + definition.name});
        }
    }
    return faults;
}
