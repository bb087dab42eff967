// Every command of the book is typed by a test, or stands in book/not-run.md with the reason.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "common/file.hpp"
#include "tests/book/book.hpp"
#include "tests/support/testing.hpp"

static constexpr const char* kList = "book/not-run.md";

static bool is_another_chapter() {
    const char* chapter = std::getenv("CHAPTER");
    const std::string chosen = chapter == nullptr ? "" : chapter;
    return !chosen.empty() && chosen != "book";
}

// The beginnings of commands in the first column of the table.
static std::vector<std::string> listed_beginnings(const Page& page) {
    std::vector<std::string> beginnings;
    for (const Span& line : page.prose) {
        if (!line.text.starts_with("| `")) continue;
        beginnings.push_back(line.text.substr(3, line.text.find('`', 3) - 3));
    }
    return beginnings;
}

// One word alone is the whole command: what `make` has as a reason is none for `make install`.
static bool fits(const std::string& command, const std::string& beginning) {
    if (command == beginning) return true;
    return beginning.find_first_of(" /") != std::string::npos && command.starts_with(beginning);
}

static std::string without_comment(const std::string& line) {
    const std::string command = line.substr(0, line.find(" #"));
    return command.substr(0, command.find_last_not_of(' ') + 1);
}

// What a reader is shown to type where nothing is typed by the tests.
static std::vector<Span> commands_that_are_not_run(const Page& page) {
    std::vector<Span> commands;
    for (const Fence& fence : page.fences) {
        const std::string kind = fence.words.empty() ? "" : fence.words[0];
        for (std::size_t i = 0; i < fence.lines.size(); ++i) {
            const std::string& line = fence.lines[i];
            const std::size_t number = fence.line + 1 + i;
            if (kind == "sh" && !without_comment(line).empty()) {
                commands.push_back({number, without_comment(line)});
            } else if ((kind == "text" || kind.empty()) && line.starts_with("$ ")) {
                commands.push_back({number, line.substr(2)});
            }
        }
    }
    return commands;
}

TEST_CASE("every command of the book is run, or listed with the reason why not", "[book][page]") {
    if (is_another_chapter()) return;
    const Book book = read_book(source_directory());
    const auto list = std::ranges::find(book.pages, kList, &Page::path);
    REQUIRE(list != book.pages.end());
    const auto beginnings = listed_beginnings(*list);
    std::vector<Fault> faults;
    std::set<std::string> used;
    for (const Page& page : book.pages) {
        if (page.path != "README.md" && !page.path.starts_with("book/") &&
            !page.path.starts_with("stage")) {
            continue;
        }
        for (const Span& command : commands_that_are_not_run(page)) {
            bool is_listed = false;
            for (const auto& beginning : beginnings) {
                if (!fits(command.text, beginning)) continue;
                is_listed = true;
                used.insert(beginning);
            }
            if (!is_listed) {
                faults.push_back(
                    {page.path, command.line, "not run and not listed: " + command.text});
            }
        }
    }
    // A copy of the project may end with an earlier stage, and its pages with it.
    const bool is_whole = file_exists(source_directory() + "/stage6-daemon-shim/README.md");
    for (const auto& beginning : beginnings) {
        if (is_whole && !used.contains(beginning))
            faults.push_back({kList, 0, "no page has " + beginning});
    }
    INFO(describe(faults));
    CHECK(faults.empty());
}

// "stage1" and "stage2" of a line that begins with "stage1 stage2: ".
static void take_targets(const std::string& text, std::set<std::string>& targets) {
    for (const std::string& line : lines_of(text)) {
        const auto end = line.find(':');
        if (end == std::string::npos) continue;
        const std::string names = line.substr(0, end);
        if (names.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789- ") != names.npos)
            continue;
        std::size_t start = 0;
        for (std::size_t stop = 0; stop != names.npos; start = stop + 1) {
            stop = names.find(' ', start);
            targets.insert(names.substr(start, stop - start));
        }
    }
}

TEST_CASE("every target that the book makes is there", "[book][page]") {
    if (is_another_chapter()) return;
    namespace fs = std::filesystem;
    const std::string tree = source_directory();
    std::set<std::string> targets;
    take_targets(read_file(tree + "/Makefile"), targets);
    for (const auto& entry : fs::recursive_directory_iterator{tree + "/tests"}) {
        if (entry.path().extension() == ".mk") take_targets(read_file(entry.path()), targets);
    }
    const std::string last = tree + "/stage6-daemon-shim/rules.mk";
    if (file_exists(last)) take_targets(read_file(last), targets);
    std::vector<Fault> faults;
    for (const Page& page : read_book(tree).pages) {
        for (const Span& code : page.code) {
            if (!code.text.starts_with("make ")) continue;
            const std::string target = code.text.substr(5, code.text.find(' ', 5) - 5);
            const bool is_name =
                target.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == target.npos;
            if (target.empty() || !is_name || target[0] == '-') continue;
            if (!targets.contains(target)) {
                faults.push_back({page.path, code.line, "there is no make " + target});
            }
        }
    }
    INFO(describe(faults));
    CHECK(faults.empty());
}
