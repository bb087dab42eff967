// Runs transcripts (see console.hpp) and compares.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "tests/book/console.hpp"
#include "tests/support/testing.hpp"

// Where commands are typed: a directory, a home, an environment with nothing of the caller's.
// Directories and programs can be reached by an ordinary user, whoever runs the tests.
class Shell {
public:
    // As root in a network of its own; without that 8080 is another port unless `keep_port`.
    explicit Shell(bool keep_port = false);

    // To a fresh directory, and a fresh /tmp/demo.
    void start_section();

    // The text as it is typed, or seen: with port and paths of this run.
    std::string translated(std::string text) const;

    Result type(const ConsoleCommand& command, std::chrono::milliseconds deadline) const;
    std::unique_ptr<Process> start(const ConsoleCommand& command) const;

private:
    std::vector<std::string> command_line(const ConsoleCommand& command) const;
    RunOptions options(std::chrono::milliseconds deadline) const;

    std::string top_, programs_, section_;
    int sections_ = 0;
    std::string port_ = "8080";
};

// Which blocks of a page are to be run.
struct TranscriptChoice {
    bool sections_of_root = false;  // those with a `# `, or the others
    std::string layout;             // blocks that need this one, with their sections; "": any
    std::chrono::milliseconds command_deadline{60'000};  // of each
};

struct TranscriptReport {
    std::vector<Fault> faults;
    std::vector<std::string> not_run;  // "book/01-tcp-manager.md:12 needs nc"
    int commands_run = 0;
};

TranscriptReport run_transcripts(const Page& page, const TranscriptChoice& choice);
