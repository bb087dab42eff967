// What the book shows on a terminal.
//
// A block fenced as `console` is run. A line that begins with `$ ` is typed by an ordinary user,
// one that begins with `# ` by root, both with `sh -c`, in one directory for each section (from one
// heading to the next), which is empty at first, with the built programs on the PATH; `\` at the
// end of a line goes on with the next. A `cd` or a variable does not last beyond its line. The
// other lines are what is seen, stdout and stderr together: `[..]` stands for anything within a
// line,
// `...` on a line of its own for any lines; blanks at the end of a line do not count, and a control
// byte but a tab is seen as \x1b. When the suite is not run as root, sections with a `# ` are left
// out.
//
// Words behind `console`:
//   background   the command runs until its section is over. The next block comes when the first
//                line that it is to print is there (`...` as the first line: at once); at the end
//                all that it has printed until then is compared. Then it gets a SIGTERM.
//   network      never run: it would fetch something.
//   needs A B    run only where this is: v1, v2, hybrid are layouts of cgroups (one of them is
//                enough), any other word is a program: ours, or on the PATH.
//
// 8080 is a free port: as root in a network of the run's own, so that it is 8080 indeed, and
// otherwise replaced, in commands and in what is seen (but not in what `--help` prints). /tmp/demo
// is a path of the run's own.
#pragma once

#include "tests/book/markdown.hpp"

struct ConsoleCommand {
    std::size_t line = 0;
    bool as_root = false;
    std::string text;
    std::vector<std::string> expected;
};

struct ConsoleBlock {
    std::size_t line = 0;
    std::size_t section = 0;
    bool is_background = false;
    bool wants_network = false;
    std::vector<std::string> layouts{};   // of cgroups, one of which it needs; empty: any
    std::vector<std::string> programs{};  // that it needs
    std::vector<ConsoleCommand> commands{};
};

std::vector<ConsoleBlock> console_blocks(const Page& page);

// Blocks that say nothing, or in a way that nobody understands.
std::vector<Fault> check_consoles(const Page& page);

bool output_matches(const std::vector<std::string>& lines,
                    const std::vector<std::string>& expected);

// The lines of an output as they are compared and shown.
std::vector<std::string> seen_lines(const std::string& output);
