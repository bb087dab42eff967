// What the book says is in the sources.
#include <algorithm>
#include <map>
#include <optional>

#include "common/file.hpp"
#include "tests/book/book.hpp"
#include "tests/book/wildcards.hpp"
#include "tests/support/definitions.hpp"

using Lines = std::vector<std::string>;

struct Quote {
    std::string file;
    std::string name;  // empty: a run of lines
};

static std::optional<Quote> quote_of(const Fence& fence) {
    if (fence.words.size() < 2 || fence.words[0] == "console") return {};
    Quote quote{fence.words[1], {}};
    for (std::size_t i = 2; i < fence.words.size(); ++i) {
        quote.name += (i == 2 ? "" : " ") + fence.words[i];
    }
    return quote;
}

static bool is_gap(const std::string& line) {
    const auto words = split_words(line);
    return words.size() == 2 && words[0] == "//" && words[1] == "...";
}

static bool has_gap(const Fence& fence) {
    return std::ranges::any_of(fence.lines, is_gap);
}

static bool is_quoted_by(const Lines& source, const Lines& quote) {
    return match_with_gaps(source, quote, is_gap, std::equal_to<>{});
}

// How many lines of the quote the source still has in this order, from the first.
static std::size_t lines_kept(const Lines& source, const Lines& quote) {
    std::size_t kept = quote.size();
    const auto begins_with = [&](std::size_t count) {
        Lines start{quote.begin(), quote.begin() + static_cast<std::ptrdiff_t>(count)};
        start.push_back("// ...");
        return is_quoted_by(source, start);
    };
    while (kept > 0 && !begins_with(kept)) --kept;
    return kept;
}

static std::vector<Definition> definitions_named(const std::string& name, const std::string& text) {
    auto found = definitions_of(text);
    std::erase_if(found, [&](const Definition& definition) { return definition.name != name; });
    return found;
}

static Fault stale(const Page& page, const Fence& fence, std::size_t kept,
                   const std::string& what) {
    const std::size_t at = std::min(kept, fence.lines.size());
    const std::string line = at == fence.lines.size() ? "(its end)" : fence.lines[at];
    return {page.path, fence.line + 1 + at, "stale quote of " + what + ", from here on: " + line};
}

static void check_named(const Page& page, const Fence& fence, const Quote& quote,
                        const std::string& text, std::vector<Fault>& faults) {
    const auto candidates = definitions_named(quote.name, text);
    if (candidates.empty()) {
        faults.push_back({page.path, fence.line, quote.file + " defines no " + quote.name});
        return;
    }
    const Lines quoted = without_indentation(fence.lines);
    std::size_t kept = 0;
    for (const Definition& definition : candidates) {
        const Lines source = without_indentation(lines_of(definition.text));
        if (is_quoted_by(source, quoted)) return;
        kept = std::max(kept, lines_kept(source, quoted));
    }
    faults.push_back(stale(page, fence, kept, quote.name + " in " + quote.file));
}

// The file's lines from `first` on, moved to the left as far as the quote was.
static Lines lines_from(const Lines& file, std::size_t first, const std::string& first_quoted) {
    const std::size_t shift = file[first].size() - first_quoted.size();
    Lines lines;
    for (std::size_t i = first; i < file.size(); ++i) {
        const bool can_move = file[i].find_first_not_of(' ') >= shift;
        lines.push_back(can_move ? file[i].substr(std::min(shift, file[i].size())) : file[i]);
    }
    return lines;
}

static void check_run(const Page& page, const Fence& fence, const Quote& quote,
                      const std::string& text, std::vector<Fault>& faults) {
    Lines quoted = without_indentation(fence.lines);
    if (quoted.empty()) {
        faults.push_back({page.path, fence.line, "an empty quote"});
        return;
    }
    const Lines file = lines_of(text);
    const std::string first =
        quoted[0].substr(std::min(quoted[0].find_first_not_of(' '), quoted[0].size()));
    std::size_t kept = 0;
    for (std::size_t i = 0; i < file.size(); ++i) {
        if (!file[i].ends_with(quoted[0]) ||
            file[i].substr(std::min(file[i].find_first_not_of(' '), file[i].size())) != first) {
            continue;
        }
        kept = std::max(kept, lines_kept(lines_from(file, i, quoted[0]), quoted));
        if (kept == quoted.size()) return;
    }
    faults.push_back(stale(page, fence, kept, quote.file));
}

std::vector<Fault> check_quotes(const Book& book, const Page& page) {
    std::vector<Fault> faults;
    for (const Fence& fence : page.fences) {
        const auto quote = quote_of(fence);
        if (!quote) continue;
        const std::string path = book.directory + "/" + quote->file;
        if (!file_exists(path)) {
            faults.push_back({page.path, fence.line, "no such file: " + quote->file});
        } else if (quote->name.empty()) {
            check_run(page, fence, *quote, read_file(path), faults);
        } else {
            check_named(page, fence, *quote, read_file(path), faults);
        }
    }
    return faults;
}

// What a stale quote should be; nothing where there is more or less than one answer.
static std::optional<Lines> fresh_lines(const Book& book, const Page& page, const Fence& fence) {
    const auto quote = quote_of(fence);
    if (!quote || quote->name.empty() || has_gap(fence)) return {};
    Page alone = page;
    alone.fences = {fence};
    if (check_quotes(book, alone).empty()) return {};
    const std::string path = book.directory + "/" + quote->file;
    if (!file_exists(path)) return {};
    const auto candidates = definitions_named(quote->name, read_file(path));
    if (candidates.size() != 1) return {};
    return without_indentation(lines_of(candidates[0].text));
}

std::string refilled(const Book& book, const Page& page) {
    Lines lines = lines_of(page.text);
    bool has_changed = false;
    for (auto fence = page.fences.rbegin(); fence != page.fences.rend(); ++fence) {
        auto fresh = fresh_lines(book, page, *fence);
        if (!fresh) continue;
        has_changed = true;
        for (std::string& line : *fresh) line = line.empty() ? line : fence->indent + line;
        const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(fence->line);
        const auto after =
            lines.erase(begin, begin + static_cast<std::ptrdiff_t>(fence->lines.size()));
        lines.insert(after, fresh->begin(), fresh->end());
    }
    if (!has_changed) return page.text;
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}
