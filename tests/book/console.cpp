#include "tests/book/console.hpp"

#include <algorithm>
#include <array>

#include "common/error.hpp"
#include "tests/book/wildcards.hpp"

static constexpr std::string_view kAnything = "[..]";

static bool is_layout(const std::string& word) {
    return word == "v1" || word == "v2" || word == "hybrid";
}

static void take_words(const Fence& fence, ConsoleBlock& block) {
    bool are_needs = false;
    for (std::size_t i = 1; i < fence.words.size(); ++i) {
        const std::string& word = fence.words[i];
        if (word == "needs") are_needs = true;
        if (word == "background") block.is_background = true;
        if (word == "network") block.wants_network = true;
        const bool is_keyword = word == "needs" || word == "background" || word == "network";
        if (are_needs && !is_keyword) {
            (is_layout(word) ? block.layouts : block.programs).push_back(word);
        }
    }
}

static bool is_command(const std::string& line) {
    return line.starts_with("$ ") || line.starts_with("# ");
}

static std::string without_trailing_blanks(std::string line) {
    line.erase(line.find_last_not_of(" \t\r") + 1);
    return line;
}

static ConsoleBlock console_block(const Fence& fence) {
    ConsoleBlock block{.line = fence.line, .section = fence.section};
    take_words(fence, block);
    bool goes_on = false;
    for (std::size_t i = 0; i < fence.lines.size(); ++i) {
        const std::string& line = fence.lines[i];
        if (goes_on) {
            block.commands.back().text += "\n" + line.substr(line.starts_with("> ") ? 2 : 0);
        } else if (is_command(line)) {
            block.commands.push_back({fence.line + 1 + i, line[0] == '#', line.substr(2), {}});
        } else if (!block.commands.empty()) {
            block.commands.back().expected.push_back(without_trailing_blanks(line));
        }
        goes_on = line.ends_with('\\') && (goes_on || is_command(line));
    }
    return block;
}

std::vector<ConsoleBlock> console_blocks(const Page& page) {
    std::vector<ConsoleBlock> blocks;
    for (const Fence& fence : page.fences) {
        if (fence.words.empty() || fence.words[0] != "console") continue;
        blocks.push_back(console_block(fence));
    }
    return blocks;
}

static void check_words(const Page& page, const Fence& fence, std::vector<Fault>& faults) {
    for (std::size_t i = 1; i < fence.words.size() && fence.words[i] != "needs"; ++i) {
        const std::string& word = fence.words[i];
        if (word == "background" || word == "network") continue;
        faults.push_back({page.path, fence.line, "console takes no word " + word});
    }
}

std::vector<Fault> check_consoles(const Page& page) {
    std::vector<Fault> faults;
    for (const Fence& fence : page.fences) {
        if (fence.words.empty() || fence.words[0] != "console") continue;
        check_words(page, fence, faults);
        if (fence.lines.empty() || !is_command(fence.lines[0])) {
            faults.push_back({page.path, fence.line, "a transcript begins with `$ ` or `# `"});
        }
    }
    for (const ConsoleBlock& block : console_blocks(page)) {
        if (!block.is_background) continue;
        for (const ConsoleCommand& command : block.commands) {
            if (!command.expected.empty()) continue;
            faults.push_back({page.path, command.line,
                              "a background command needs the line to wait for, or ..."});
        }
    }
    return faults;
}

static bool line_matches(std::string_view line, std::string_view pattern) {
    std::size_t wildcard = pattern.find(kAnything);
    if (wildcard == std::string_view::npos) return line == pattern;
    if (!line.starts_with(pattern.substr(0, wildcard))) return false;
    line.remove_prefix(wildcard);
    while (true) {
        pattern.remove_prefix(wildcard + kAnything.size());
        wildcard = pattern.find(kAnything);
        if (wildcard == std::string_view::npos) return line.ends_with(pattern);
        const std::size_t at = line.find(pattern.substr(0, wildcard));
        if (at == std::string_view::npos) return false;
        line.remove_prefix(at + wildcard);
    }
}

bool output_matches(const std::vector<std::string>& lines,
                    const std::vector<std::string>& expected) {
    return match_with_gaps(
        lines, expected, [](const std::string& pattern) { return pattern == "..."; }, line_matches);
}

// A tab is written as it is; other control bytes are not.
static std::string visible(const std::string& line) {
    std::string text;
    for (std::size_t start = 0;; ++start) {
        const auto end = std::min(line.find('\t', start), line.size());
        text += printable(line.substr(start, end - start));
        if (end == line.size()) return text;
        text.push_back('\t');
        start = end;
    }
}

std::vector<std::string> seen_lines(const std::string& output) {
    std::vector<std::string> lines;
    for (const std::string& line : lines_of(output)) {
        lines.push_back(visible(without_trailing_blanks(line)));
    }
    return lines;
}
