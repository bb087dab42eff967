#include "tests/book/markdown.hpp"

#include <algorithm>
#include <cctype>

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
        if (text.empty()) return words;
        const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

static std::size_t indentation_of(const std::string& line) {
    return std::min(line.find_first_not_of(' '), line.size());
}

std::vector<std::string> without_indentation(std::vector<std::string> lines) {
    std::size_t common = std::string::npos;
    for (const std::string& line : lines) {
        if (!line.empty()) common = std::min(common, indentation_of(line));
    }
    for (std::string& line : lines) line.erase(0, std::min(common, line.size()));
    return lines;
}

// GitHub's rule: small letters, punctuation gone, blanks as hyphens.
static std::string anchor_of(std::string_view heading) {
    heading.remove_prefix(heading.find_first_not_of('#'));
    heading.remove_prefix(std::min(heading.find_first_not_of(' '), heading.size()));
    std::string anchor;
    for (const char letter : heading) {
        const auto byte = static_cast<unsigned char>(letter);
        if (letter == ' ') anchor += '-';
        if (byte >= 0x80 || std::isalnum(byte) != 0 || letter == '-' || letter == '_') {
            anchor += static_cast<char>(std::tolower(byte));
        }
    }
    return anchor;
}

static void add_anchor(const std::string& heading, Page& page) {
    const std::string anchor = anchor_of(heading);
    std::string unique = anchor;
    for (int copy = 1; std::ranges::find(page.anchors, unique) != page.anchors.end(); ++copy) {
        unique = anchor + "-" + std::to_string(copy);
    }
    page.anchors.push_back(unique);
}

// Lines that belong together: what stands between backticks or brackets may begin on one of them
// and end on a later one.
struct Paragraph {
    std::size_t first_line = 0;
    std::string text;

    std::size_t line_of(std::size_t offset) const {
        const auto end = text.begin() + static_cast<std::ptrdiff_t>(offset);
        return first_line + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
    }
};

// Takes what stands between backticks, and blanks it: no link is found in there.
static void take_code(Paragraph& paragraph, Page& page) {
    std::string& text = paragraph.text;
    for (std::size_t start = text.find('`'); start != std::string::npos;) {
        const std::size_t content = text.find_first_not_of('`', start);
        if (content == std::string::npos) return;
        const std::string ticks = text.substr(start, content - start);
        const std::size_t end = text.find(ticks, content);
        if (end == std::string::npos) return;
        page.code.push_back({paragraph.line_of(start), text.substr(content, end - content)});
        for (std::size_t at = start; at < end + ticks.size(); ++at) {
            if (text[at] != '\n') text[at] = ' ';
        }
        start = text.find('`', end + ticks.size());
    }
}

static void take_links(const Paragraph& paragraph, Page& page) {
    const std::string& text = paragraph.text;
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 2)) {
        const std::size_t end = text.find(')', at);
        const std::size_t begin = text.rfind('[', at);
        if (end == std::string::npos || begin == std::string::npos) continue;
        const auto words = split_words(text.substr(at + 2, end - at - 2));
        page.links.push_back({paragraph.line_of(at), words.empty() ? "" : words[0],
                              begin > 0 && text[begin - 1] == '!'});
    }
}

static void end_paragraph(Paragraph& paragraph, Page& page) {
    take_code(paragraph, page);
    take_links(paragraph, page);
    paragraph.text.clear();
}

static void take_prose(const std::string& line, std::size_t number, Paragraph& paragraph,
                       Page& page) {
    page.prose.push_back({number, line});
    const bool is_heading = line.starts_with('#');
    if (is_heading) add_anchor(line, page);
    if (line.empty() || is_heading) end_paragraph(paragraph, page);
    if (paragraph.text.empty()) paragraph.first_line = number;
    paragraph.text += line + "\n";
    if (line.empty() || is_heading) end_paragraph(paragraph, page);
}

Page page_of(const SourceFile& file) {
    Page page{.path = file.path, .text = file.text};
    bool inside = false;
    std::size_t number = 0;
    Paragraph paragraph;
    for (const std::string& line : lines_of(file.text)) {
        ++number;
        const std::size_t indentation = indentation_of(line);
        const bool is_fence = line.substr(indentation).starts_with("```");
        if (inside && is_fence) {
            inside = false;
        } else if (inside) {
            const std::size_t strip = std::min(page.fences.back().indent.size(), indentation);
            page.fences.back().lines.push_back(line.substr(strip));
        } else if (is_fence) {
            inside = true;
            end_paragraph(paragraph, page);
            page.fences.push_back({number,
                                   page.anchors.size(),
                                   line.substr(0, indentation),
                                   split_words(line.substr(indentation + 3)),
                                   {}});
        } else {
            take_prose(line, number, paragraph, page);
        }
    }
    end_paragraph(paragraph, page);
    return page;
}
