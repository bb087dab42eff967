// README.md says what works: every command in it is run, in its transcripts and in its table.
// Alone, because its manager listens on port 8080 itself where the run has no network of its own.
#include <signal.h>

#include <cstdlib>

#include "common/file.hpp"
#include "tests/book/shell.hpp"
#include "tests/support/testing.hpp"

static bool is_left_out() {
    const char* chapter = std::getenv("CHAPTER");
    const std::string chosen = chapter == nullptr ? "" : chapter;
    return !chosen.empty() && chosen != "README";
}

static Page readme() {
    return page_of({"README.md", read_file(source_directory() + "/README.md")});
}

// The commands in backquotes in the last column of the table.
static std::vector<ConsoleCommand> commands_to_try(const Page& page) {
    std::vector<ConsoleCommand> commands;
    for (const Span& line : page.prose) {
        const auto start = line.text.rfind("| `build/");
        if (!line.text.starts_with("| ") || start == std::string::npos) continue;
        const std::size_t end = line.text.find('`', start + 3);
        commands.push_back({line.line, false, line.text.substr(start + 3, end - start - 3), {}});
    }
    return commands;
}

TEST_CASE("README.md shows what one sees", "[book][page][serial][slow]") {
    if (is_left_out()) return;
    if (!file_exists(built("slipwayd"))) skip("slipwayd is not built: make");
    const TranscriptReport report = run_transcripts(readme(), {});
    INFO(describe(report.faults));
    CHECK(report.faults.empty());
    CHECK(report.commands_run >= 5);
}

TEST_CASE("each command to try in README.md's table works", "[book][page][serial][slow]") {
    if (is_left_out()) return;
    const auto commands = commands_to_try(readme());
    REQUIRE(commands.size() >= 5);
    const Shell shell{true};
    // The first is the manager, which runs until it is told to stop; the second talks to it.
    const auto manager = shell.start(commands.at(0));
    manager->wait_for_output("listening");
    for (std::size_t i = 1; i < commands.size(); ++i) {
        const Result result = shell.type(commands[i], std::chrono::seconds{60});
        INFO(result);
        CHECK(result.exit_code == 0);
    }
    ::kill(-manager->pid(), SIGTERM);
    manager->wait();
}

TEST_CASE("README.md's first two commands are those that .ci/run runs", "[book][page]") {
    if (is_left_out()) return;
    const std::string script = read_file(source_directory() + "/.ci/run");
    const Fence first = readme().fences.at(0);
    REQUIRE(first.lines.size() == 2);
    for (const auto& command : first.lines) CHECK(script.find(command) != std::string::npos);
}
