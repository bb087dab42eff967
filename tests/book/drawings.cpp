// What a picture of the book is like: small, of one look, and shown by every browser.
#include <algorithm>
#include <array>

#include "tests/book/book.hpp"

static constexpr std::size_t kLinesMax = 90;

static void check_content(const SourceFile& picture, std::vector<Fault>& faults) {
    const auto lines = lines_of(picture.text);
    if (lines.size() > kLinesMax) {
        faults.push_back({picture.path, lines.size(),
                          "picture of " + std::to_string(lines.size()) + " lines (90 allowed)"});
    }
    for (const std::string needed : {"<title", "<desc", "viewBox=", "prefers-color-scheme: dark"}) {
        if (picture.text.find(needed) == std::string::npos) {
            faults.push_back({picture.path, 1, "a picture needs " + needed});
        }
    }
    static constexpr std::array forbidden{"<script", "@font-face", "@import",     "<a ",
                                          "<image",  "<foreign",   "href=\"http", "url(http"};
    for (std::size_t i = 0; i < lines.size(); ++i) {
        for (const std::string word : forbidden) {
            if (lines[i].find(word) == std::string::npos) continue;
            faults.push_back({picture.path, i + 1, "a picture has no " + word});
        }
    }
}

// The end of the tag that begins at `start`: a `>` in an attribute's value is none.
static std::size_t end_of_tag(const std::string& text, std::size_t start) {
    char quote = 0;
    for (std::size_t at = start; at < text.size(); ++at) {
        if (quote == 0 && text[at] == '>') return at;
        if (text[at] == quote) {
            quote = 0;
        } else if (quote == 0 && (text[at] == '"' || text[at] == '\'')) {
            quote = text[at];
        }
    }
    return text.size();
}

// Each element is closed, in the right order. Says no more than the first fault.
static std::vector<Fault> check_elements(const SourceFile& picture) {
    const std::string& text = picture.text;
    std::vector<std::string> open;
    const auto fault = [&](std::size_t at, const std::string& what) {
        const auto end = text.begin() + static_cast<std::ptrdiff_t>(at);
        const auto line = static_cast<std::size_t>(std::count(text.begin(), end, '\n')) + 1;
        return std::vector<Fault>{{picture.path, line, what}};
    };
    for (std::size_t at = text.find('<'); at < text.size(); at = text.find('<', at)) {
        const std::size_t start = at;
        if (text.compare(at, 4, "<!--") == 0) {
            at = text.find("-->", at);
            continue;
        }
        at = end_of_tag(text, at);
        const std::string tag = text.substr(start + 1, at - start - 1);
        if (tag.starts_with('?') || tag.starts_with('!') || tag.ends_with('/')) continue;
        const std::string name = tag.substr(0, tag.find_first_of(" \n"));
        if (!name.starts_with('/')) {
            open.push_back(name);
            continue;
        }
        const std::string last = open.empty() ? "" : open.back();
        if (last.empty()) return fault(start, "<" + name + "> closes nothing");
        if (name != "/" + last) return fault(start, "<" + name + "> closes <" + last + ">");
        open.pop_back();
    }
    if (!open.empty()) return fault(text.size(), "<" + open.back() + "> is never closed");
    return {};
}

static void check_ampersands(const SourceFile& picture, std::vector<Fault>& faults) {
    const auto lines = lines_of(picture.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string& line = lines[i];
        for (auto at = line.find('&'); at != std::string::npos; at = line.find('&', at + 1)) {
            const std::size_t end = line.find_first_of(" ;<&", at + 1);
            if (end != std::string::npos && line[end] == ';') continue;
            faults.push_back({picture.path, i + 1, "& is written &amp;"});
        }
    }
}

std::vector<Fault> check_drawing(const SourceFile& picture) {
    std::vector<Fault> faults = check_elements(picture);
    check_content(picture, faults);
    check_ampersands(picture, faults);
    return faults;
}
