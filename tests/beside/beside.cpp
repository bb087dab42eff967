// beside SESSION SOCKET DIR SOCKET DIR [TEXT]: types the lines of a session (those that contain the
// text) to dockerd and to slipwayd with the same docker command, each in a directory of its own,
// and shows where the answers differ: output, errors, exit codes.

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <regex>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/process.hpp"

static constexpr auto kCommandMax = std::chrono::seconds{40};

// A line of the session. `reason` is why the engines may differ here; empty: they may not.
struct Step {
    std::size_t line = 0;
    std::string command, reason;
};

// `~ why` in front of a command allows a difference, `#` begins a comment.
static std::vector<Step> steps_of(const std::string& text) {
    std::vector<Step> steps;
    std::string reason;
    std::size_t number = 0;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string line = text.substr(start, end - start);
        start = end + 1;
        ++number;
        if (line.empty() || line.starts_with('#')) continue;
        if (line.starts_with("~ ")) {
            reason = line.substr(2);
            continue;
        }
        steps.push_back({number, line, reason});
        reason.clear();
    }
    return steps;
}

struct Engine {
    std::string name, host, directory;
};

[[noreturn]] static void become_shell(const Engine& engine, const std::string& command,
                                      int output) noexcept {
    try {
        check(::setpgid(0, 0), "setpgid");
        reset_signals();
        const Fd null{check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open", "/dev/null")};
        duplicate_onto(null.get(), STDIN_FILENO);
        duplicate_onto(output, STDOUT_FILENO);
        duplicate_onto(output, STDERR_FILENO);
        check(::chdir(engine.directory.c_str()), "chdir", engine.directory);
        auto environment = current_environment();
        std::erase_if(environment, [](const auto& entry) { return entry.starts_with("DOCKER_"); });
        environment.push_back("DOCKER_HOST=unix://" + engine.host);
        environment.push_back("SOCKET=" + engine.host);
        execute({"bash", "-c", command}, environment);
    } catch (const std::exception& error) {
        ::_exit(report_failure("beside", error, 127));
    }
}

// What the command prints on either stream, in order, and its exit code as a last line.
static std::string answer_of(const Engine& engine, const std::string& command) {
    Pipe pipe = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) become_shell(engine, command, pipe.write_end.get());
    Child child{pid};
    pipe.write_end.close();
    const auto end = std::chrono::steady_clock::now() + kCommandMax;
    std::string output;
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        pollfd readable{pipe.read_end.get(), POLLIN, 0};
        const int wait = std::max(0, static_cast<int>(left.count()));
        if (::poll(&readable, 1, wait) == 0) {
            ::kill(-pid, SIGKILL);
            return output + "(no end)\n";
        }
        char piece[4096];
        const auto count = check(::read(pipe.read_end.get(), piece, sizeof piece), "read", "pipe");
        if (count == 0) break;
        output.append(piece, static_cast<std::size_t>(count));
    }
    const int code = child.wait();
    if (!output.empty() && !output.ends_with('\n')) output += "(no newline)\n";
    return output + (code == 0 ? "" : "exit code " + std::to_string(code) + "\n");
}

// What no two engines have in common: identifiers, times, sizes, process numbers, padding.
static std::string comparable(const Engine& engine, std::string text) {
    static const std::pair<std::regex, const char*> rules[] = {
        {std::regex{"[0-9a-f]{64}"}, "ID"},
        {std::regex{"\\b[0-9a-f]{12}\\b"}, "SHORT-ID"},
        {std::regex{"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)"},
         "TIME"},
        {std::regex{"\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d [+-]\\d{4} [A-Z]+"}, "TIME"},
        {std::regex{"(Less than a second|About a minute|[0-9]+ (seconds?|minutes?))( ago)?"},
         "WHILE"},
        {std::regex{" {2,}"}, "  "},
        {std::regex{" +(?=\n)"}, ""},
    };
    for (std::size_t at; (at = text.find(engine.host)) != std::string::npos;) {
        text.replace(at, engine.host.size(), "SOCKET");
    }
    for (const auto& [pattern, word] : rules) text = std::regex_replace(text, pattern, word);
    return text;
}

static std::string indented(const std::string& text) {
    std::string result;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        result += "    " + printable(text.substr(start, end - start)) + "\n";
        start = end + 1;
    }
    return result.empty() ? "    (nothing)\n" : result;
}

struct Counts {
    std::size_t same = 0, explained = 0, different = 0;
};

static void compare(const Engine (&engines)[2], const Step& step, Counts& counts) {
    std::string answers[2];
    for (std::size_t i = 0; i < 2; ++i) {
        answers[i] = comparable(engines[i], answer_of(engines[i], step.command));
    }
    if (answers[0] == answers[1]) {
        ++counts.same;
        if (!step.reason.empty()) print("line " + std::to_string(step.line) + ": now the same\n");
        if (std::getenv("VERBOSE")) print("\n" + step.command + "\n" + indented(answers[0]));
        return;
    }
    ++(step.reason.empty() ? counts.different : counts.explained);
    if (!step.reason.empty() && !std::getenv("VERBOSE")) return;
    print("\nline " + std::to_string(step.line) + ": " + step.command + "\n");
    if (!step.reason.empty()) print("  known: " + step.reason + "\n");
    for (std::size_t i = 0; i < 2; ++i) {
        print("  " + engines[i].name + ":\n" + indented(answers[i]));
    }
}

int main(int argc, char** argv) try {
    if (argc < 6) throw Failure{"usage: beside SESSION SOCKET DIR SOCKET DIR [TEXT]"};
    const std::string text = argc > 6 ? argv[6] : "";
    const Engine engines[2] = {{"dockerd", argv[2], argv[3]}, {"slipwayd", argv[4], argv[5]}};
    Counts counts;
    for (const Step& step : steps_of(read_file(argv[1]))) {
        if (step.command.find(text) != std::string::npos) compare(engines, step, counts);
    }
    print("\n" + std::to_string(counts.same) + " the same, " + std::to_string(counts.explained) +
          " different for a reason, " + std::to_string(counts.different) + " different\n");
    return counts.different == 0 ? 0 : 1;
} catch (const std::exception& error) {
    return report_failure("beside", error, 2);
}
