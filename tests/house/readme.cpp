// README.md says what works: every command in it is run here, and what it prints is compared.

#include <signal.h>

#include <algorithm>
#include <memory>

#include "common/file.hpp"
#include "tests/support/testing.hpp"

struct Block {
    bool background = false;
    struct Command {
        std::string text;
        std::vector<std::string> expected;  // [..] stands for anything in a line, ... for any lines
    };
    std::vector<Command> commands;
};

static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        lines.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return lines;
}

static std::vector<Block> console_blocks(const std::string& markdown) {
    std::vector<Block> blocks;
    bool inside = false;
    for (const auto& line : lines_of(markdown)) {
        if (!inside && line.starts_with("```console")) {
            inside = true;
            blocks.push_back({line.ends_with(" background"), {}});
        } else if (inside && line == "```") {
            inside = false;
        } else if (inside && line.starts_with("$ ")) {
            blocks.back().commands.push_back({line.substr(2), {}});
        } else if (inside) {
            REQUIRE_FALSE(blocks.back().commands.empty());
            blocks.back().commands.back().expected.push_back(line);
        }
    }
    return blocks;
}

static bool line_matches(std::string_view line, std::string_view pattern) {
    const auto wildcard = pattern.find("[..]");
    if (wildcard == std::string_view::npos) return line == pattern;
    if (!line.starts_with(pattern.substr(0, wildcard))) return false;
    const auto rest = pattern.substr(wildcard + 4);
    for (std::size_t at = wildcard; at <= line.size(); ++at) {
        if (line_matches(line.substr(at), rest)) return true;
    }
    return false;
}

static bool output_matches(const std::vector<std::string>& lines, std::size_t line,
                           const std::vector<std::string>& patterns, std::size_t pattern) {
    if (pattern == patterns.size()) return line == lines.size();
    if (patterns[pattern] == "...") {
        for (std::size_t from = line; from <= lines.size(); ++from) {
            if (output_matches(lines, from, patterns, pattern + 1)) return true;
        }
        return false;
    }
    return line < lines.size() && line_matches(lines[line], patterns[pattern]) &&
           output_matches(lines, line + 1, patterns, pattern + 1);
}

// As a reader types it: in a shell, in the project's folder, both streams on the terminal.
static Result type(const std::string& command) {
    return run({"sh", "-c", "exec 2>&1; " + command});
}

// The commands in backquotes in the last column of the table, once `build/` is a full path.
static std::vector<std::string> commands_to_try(const std::string& markdown) {
    std::vector<std::string> commands;
    for (const auto& line : lines_of(markdown)) {
        const auto start = line.rfind("| `/");
        if (!line.starts_with("| ") || start == std::string::npos) continue;
        commands.push_back(line.substr(start + 3, line.find('`', start + 3) - start - 3));
    }
    return commands;
}

// `build/` in the text is wherever this build is, and /tmp/demo a directory of this test's own.
static std::string read_readme() {
    std::string text = read_file(source_directory() + "/README.md");
    const std::string folder = program(3).substr(0, program(3).rfind('/') + 1);
    for (auto at = text.find("build/"); at != std::string::npos; at = text.find("build/", at)) {
        const bool is_word_start = at == 0 || text[at - 1] == ' ' || text[at - 1] == '`';
        if (is_word_start) text.replace(at, 6, folder);
        at += is_word_start ? folder.size() : 6;
    }
    const std::string demo = temporary_directory();
    for (auto at = text.find("/tmp/demo"); at != std::string::npos;
         at = text.find("/tmp/demo", at)) {
        text.replace(at, 9, demo);
    }
    return text;
}

TEST_CASE("a transcript with another output does not match", "[readme]") {
    CHECK(output_matches({"a", "b"}, 0, {"a", "b"}, 0));
    CHECK(output_matches({"x 12 y", "b", "c"}, 0, {"x [..] y", "..."}, 0));
    CHECK(output_matches({"x 12 y 34"}, 0, {"[..] 12 [..]4"}, 0));
    CHECK_FALSE(output_matches({"x 12 y 34"}, 0, {"[..] 13 [..]"}, 0));
    CHECK_FALSE(output_matches({"a", "b"}, 0, {"a"}, 0));
    CHECK_FALSE(output_matches({"a"}, 0, {"a", "b"}, 0));
    CHECK_FALSE(output_matches({"x y"}, 0, {"x [..] y"}, 0));
}

TEST_CASE("what README.md shows on a terminal is what one sees", "[readme][serial]") {
    const auto blocks = console_blocks(read_readme());
    REQUIRE(blocks.size() >= 5);
    std::vector<std::unique_ptr<Process>> background;
    for (const auto& block : blocks) {
        for (const auto& command : block.commands) {
            INFO("$ " << command.text);
            if (block.background) {
                background.push_back(std::make_unique<Process>(
                    std::vector<std::string>{"sh", "-c", "exec " + command.text}));
                const std::string& line = command.expected.at(0);
                background.back()->wait_for_output(line.substr(0, line.find("[..]")));
            } else {
                const Result result = type(command.text);
                INFO(result);
                CHECK(output_matches(lines_of(result.out), 0, command.expected, 0));
            }
        }
    }
    for (const auto& process : background) process->signal(SIGTERM);
    for (const auto& process : background) CHECK(process->wait() == 0);
}

TEST_CASE("each command to try in README.md's table works", "[readme][serial]") {
    const auto commands = commands_to_try(read_readme());
    REQUIRE(commands.size() >= 5);
    // The first is the manager, which runs until it is told to stop; the second talks to it.
    Process manager{{"sh", "-c", "exec " + commands.at(0)}};
    manager.wait_for_output("listening");
    for (std::size_t i = 1; i < commands.size(); ++i) {
        const Result result = type(commands[i]);
        INFO(result);
        CHECK(result.exit_code == 0);
    }
    manager.signal(SIGTERM);
    CHECK(manager.wait() == 0);
}

TEST_CASE("README.md's first two commands are those that .ci/run runs", "[readme]") {
    const std::string readme = read_file(source_directory() + "/README.md");
    const std::string script = read_file(source_directory() + "/.ci/run");
    const auto start = readme.find("```sh\n") + 6;
    const auto commands = lines_of(readme.substr(start, readme.find("```", start) - start));
    REQUIRE(commands.size() == 2);
    for (const auto& command : commands) CHECK(script.find(command) != std::string::npos);
}
