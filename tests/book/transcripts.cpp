// From the first block of a page to its last.
#include <signal.h>

#include <algorithm>
#include <list>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/book/shell.hpp"

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A [slow] case has 1800 s: a page that takes longer is told so rather than killed.
static constexpr std::chrono::seconds kPageDeadline{500};

static bool is_on_path(const std::string& program) {
    if (file_exists(built(program))) return true;
    return run({"sh", "-c", "command -v \"$0\"", program}).exit_code == 0;
}

static bool comes_true(const std::function<bool()>& condition) {
    try {
        wait_until(condition, "what a transcript shows");
    } catch (const Failure&) {
        return false;
    }
    return true;
}

static std::string listed(const std::string& title, const std::vector<std::string>& lines) {
    std::string text = "\n  " + title + (lines.empty() ? ": nothing" : ":");
    for (const std::string& line : lines) text += "\n    | " + line;
    return text;
}

class TranscriptRun {
public:
    TranscriptRun(const Page& page, const TranscriptChoice& choice)
        : page_{page}, choice_{choice}, shell_{page.path == "README.md"} {}

    TranscriptReport run(const std::vector<ConsoleBlock>& blocks);

private:
    struct Background {
        const ConsoleCommand* command;
        std::unique_ptr<Process> process;
    };

    bool is_chosen(const ConsoleBlock& block);
    void run_block(const ConsoleBlock& block);
    void run_command(const ConsoleCommand& command);
    void run_in_background(const ConsoleCommand& command);
    void end_section();
    void end(Background& background);
    std::vector<std::string> expected_of(const ConsoleCommand& command) const;
    void fault(const ConsoleCommand& command, const std::string& what,
               const std::vector<std::string>& got);
    milliseconds time_left() const { return std::chrono::ceil<milliseconds>(end_ - Clock::now()); }

    const Page& page_;
    const TranscriptChoice choice_;
    const Clock::time_point end_ = Clock::now() + kPageDeadline;
    Shell shell_;
    std::list<Background> background_;
    TranscriptReport report_;
};

std::vector<std::string> TranscriptRun::expected_of(const ConsoleCommand& command) const {
    auto expected = command.expected;
    if (command.text.ends_with(" --help")) return expected;  // the default port is what it is
    for (std::string& line : expected) line = shell_.translated(line);
    return expected;
}

void TranscriptRun::fault(const ConsoleCommand& command, const std::string& what,
                          const std::vector<std::string>& got) {
    report_.faults.push_back({page_.path, command.line,
                              what + "\n  " + (command.as_root ? "# " : "$ ") + command.text +
                                  listed("expected", expected_of(command)) + listed("got", got)});
}

void TranscriptRun::run_command(const ConsoleCommand& command) {
    const milliseconds deadline = std::min(choice_.command_deadline, time_left());
    if (deadline.count() <= 0) return fault(command, "no time left: 500 s for a page", {});
    const Result result = shell_.type(command, deadline);
    const auto got = seen_lines(result.out + result.err);
    if (result.timed_out) {
        const std::string seconds = std::to_string(deadline.count() / 1000);
        fault(command, "no end after " + seconds + " s", got);
    } else if (!output_matches(got, expected_of(command))) {
        fault(command, "something else is seen", got);
    }
}

static bool has_line(const std::string& output, const std::string& expected) {
    if (expected == "...") return true;
    const auto lines = seen_lines(output);
    return !lines.empty() && output_matches({lines.front()}, {expected});
}

void TranscriptRun::run_in_background(const ConsoleCommand& command) {
    background_.push_back({&command, shell_.start(command)});
    const Process& process = *background_.back().process;
    const auto expected = expected_of(command);
    if (!comes_true([&] { return has_line(process.out(), expected.at(0)); })) {
        fault(command, "the first line is not seen", seen_lines(process.out() + process.err()));
    }
}

void TranscriptRun::end(Background& background) {
    Process& process = *background.process;
    const ConsoleCommand& command = *background.command;
    const auto expected = expected_of(command);
    if (!comes_true([&] { return output_matches(seen_lines(process.out()), expected); })) {
        fault(command, "something else is seen", seen_lines(process.out()));
    }
    const pid_t group = process.pid();
    ::kill(-group, SIGTERM);
    try {
        process.wait();  // the shell; what it has started may take a little longer
        wait_until([&] { return ::kill(-group, 0) == -1; }, "the end of all that was started");
    } catch (const Failure&) {
        fault(command, "it does not end after a SIGTERM", seen_lines(process.out()));
    }
}

void TranscriptRun::end_section() {
    while (!background_.empty()) {  // the last first, as one would close terminals
        end(background_.back());
        background_.pop_back();
    }
}

bool TranscriptRun::is_chosen(const ConsoleBlock& block) {
    const std::string place = page_.path + ":" + std::to_string(block.line);
    if (block.wants_network) return false;
    const bool is_layout_met =
        block.layouts.empty() ||
        std::ranges::find(block.layouts, choice_.layout) != block.layouts.end();
    if (!is_layout_met) return false;  // another case runs it, or says where it would
    for (const std::string& program : block.programs) {
        if (is_on_path(program)) continue;
        report_.not_run.push_back(place + " needs " + program);
        return false;
    }
    return true;
}

void TranscriptRun::run_block(const ConsoleBlock& block) {
    if (!is_chosen(block)) return;
    for (const ConsoleCommand& command : block.commands) {
        ++report_.commands_run;
        if (block.is_background) {
            run_in_background(command);
        } else {
            run_command(command);
        }
    }
}

TranscriptReport TranscriptRun::run(const std::vector<ConsoleBlock>& blocks) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (i > 0 && blocks[i].section != blocks[i - 1].section) {
            end_section();
            shell_.start_section();
        }
        run_block(blocks[i]);
    }
    end_section();
    return std::move(report_);
}

// Whether a section, of which `block` is one, belongs to this choice.
static bool is_section_chosen(const std::vector<ConsoleBlock>& all, std::size_t section,
                              const TranscriptChoice& choice) {
    bool has_root = false, has_layout = false;
    for (const ConsoleBlock& block : all) {
        if (block.section != section || block.wants_network) continue;
        has_root |= std::ranges::any_of(block.commands, &ConsoleCommand::as_root);
        has_layout |= std::ranges::find(block.layouts, choice.layout) != block.layouts.end();
    }
    return choice.layout.empty() ? has_root == choice.sections_of_root : has_layout;
}

TranscriptReport run_transcripts(const Page& page, const TranscriptChoice& choice) {
    const auto all = console_blocks(page);
    std::vector<ConsoleBlock> blocks;
    for (const ConsoleBlock& block : all) {
        if (is_section_chosen(all, block.section, choice)) blocks.push_back(block);
    }
    if (blocks.empty()) return {};
    return TranscriptRun{page, choice}.run(blocks);
}
