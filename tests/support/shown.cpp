#include "tests/support/shown.hpp"

#include "common/error.hpp"

static constexpr std::size_t kShownBytesMax = 16u << 10;
static constexpr std::size_t kShownLinesMax = 20;  // of a reader's program

std::string quoted(const std::string& word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
    std::string text = "'";
    for (const char letter : word) text.append(letter == '\'' ? "'\\''" : std::string(1, letter));
    return text + "'";
}

std::string command_line_of(const std::vector<std::string>& command, const RunOptions& options) {
    std::string text;
    if (!options.directory.empty()) text += "cd " + quoted(options.directory) + " && ";
    for (const auto& entry : options.environment) text += quoted(entry) + " ";
    for (const auto& word : command) text += quoted(word) + " ";
    text.pop_back();
    return text;
}

std::string shown(const std::string& name, const std::string& stream) {
    if (stream.empty()) return "  " + name + ": (empty)\n";
    std::vector<std::string> lines;
    const auto add_lines = [&](std::string_view part) {
        while (!part.empty()) {
            const std::size_t end = std::min(part.find('\n'), part.size());
            lines.push_back("    | " + printable(part.substr(0, end)) + "\n");
            part.remove_prefix(std::min(end + 1, part.size()));
        }
    };
    const std::string_view whole{stream};
    if (whole.size() <= kShownBytesMax) {
        add_lines(whole);
    } else {
        add_lines(whole.substr(0, kShownBytesMax / 2));
        lines.push_back("    ... " + std::to_string(whole.size() - kShownBytesMax) +
                        " bytes not shown ...\n");
        add_lines(whole.substr(whole.size() - kShownBytesMax / 2));
    }
    if (checked_stage() > 0 && lines.size() > kShownLinesMax) {
        const auto middle = lines.begin() + kShownLinesMax / 2;
        const std::size_t surplus = lines.size() - kShownLinesMax;
        lines.erase(middle, middle + static_cast<std::ptrdiff_t>(surplus));
        lines.insert(middle, "    ... " + std::to_string(surplus) + " lines not shown ...\n");
    }
    std::string text = "  " + name + ":\n";
    for (const auto& line : lines) text += line;
    if (!stream.ends_with('\n')) text += "    (no newline at the end)\n";
    return text;
}
