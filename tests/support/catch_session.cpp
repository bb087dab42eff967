// The only part of the runner that talks to Catch2, and where version 2 puts its implementation:
// compiled without the precompiled header, since what the header holds depends on this macro.
#define CATCH_CONFIG_RUNNER
#include "tests/support/catch.hpp"

#include <signal.h>

#include <array>
#include <set>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/case.hpp"
#include "tests/support/testing.hpp"

#if CATCH_VERSION_MAJOR >= 3
using ReporterBase = Catch::StreamingReporterBase;
using Answer = void;
#else
class Reporter;
using ReporterBase = Catch::StreamingReporterBase<Reporter>;
using Answer = bool;
#endif

// A failed assertion for somebody who may never have seen C++: what was got and what expected, and
// the programs with both their streams. No line is broken: a command can be pasted.
class Reporter : public ReporterBase {
public:
    using ReporterBase::ReporterBase;
    static std::string getDescription() { return "what a failed case shows"; }

    void assertionStarting(const Catch::AssertionInfo&) override {}

    Answer assertionEnded(const Catch::AssertionStats& stats) override {
        if (!stats.assertionResult.isOk()) show(stats);
        return Answer(true);
    }

private:
    static void show(const Catch::AssertionStats& stats);
};

// In one line, so that nobody has to guess where a text ends, and not without end.
static std::string in_one_line(const std::string& text) {
    static constexpr std::size_t kShownBytesMax = 2000;
    std::string line;
    for (const char letter : text.substr(0, kShownBytesMax)) {
        line += letter == '\n' ? "\\n" : std::string(1, letter);
    }
    if (text.size() <= kShownBytesMax) return line;
    return line + "... " + std::to_string(text.size() - kShownBytesMax) + " bytes more";
}

// What a number above 128 means when a signal is behind it.
static std::string death(const std::string& expression, const std::string& got) {
    const int number = signal_of_last_end();
    const bool is_exit_code = expression.find("wait()") != std::string::npos ||
                              expression.find("exit_code") != std::string::npos;
    if (number == 0 || !is_exit_code || got != std::to_string(128 + number)) return {};
    const std::string text = " (killed by signal " + std::to_string(number);
    for (const int asks : {SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM}) {
        if (number == asks) return text + ": it has no handler for it)";
    }
    return text + ")";
}

// `got == expected` in two lines. Left as it is when it does not fall apart in one way only.
static std::string got_and_expected(const std::string& expression, const std::string& expanded) {
    if (expression.find(" == ") == std::string::npos) return "  that is: " + expanded + "\n";
    for (const std::string sign : {"\n==\n", " == "}) {  // the first when they are long
        const auto at = expanded.find(sign);
        if (at == std::string::npos) continue;
        if (at != expanded.rfind(sign)) break;
        const std::string got = in_one_line(expanded.substr(0, at));
        return "  got:      " + got + death(expression, got) +
               "\n  expected: " + in_one_line(expanded.substr(at + sign.size())) + "\n";
    }
    return "  that is: " + expanded + "\n";
}

// What was started, without what it has said so far.
static std::string commands_in(const std::string& programs) {
    std::string commands;
    for (std::size_t start = 0; start < programs.size();) {
        const std::size_t end = std::min(programs.find('\n', start), programs.size());
        if (programs[start] == '$') commands += programs.substr(start, end - start) + "\n";
        start = end + 1;
    }
    return commands;
}

void Reporter::show(const Catch::AssertionStats& stats) {
    const Catch::AssertionResult& result = stats.assertionResult;
    const Catch::SourceLineInfo place = result.getSourceInfo();
    std::string text = std::string{place.file} + ":" + std::to_string(place.line) + ": ";
    const std::string expression = result.hasExpression() ? result.getExpressionInMacro() : "";
    if (!expression.starts_with('{')) text += expression;  // "{Unknown expression after ...}"
    text += "\n";
    if (result.hasExpandedExpression()) {
        text += got_and_expected(expression, result.getExpandedExpression());
    }
    const std::string thrown{result.getMessage()};
    if (result.hasMessage()) text += "  " + thrown + (thrown.ends_with('\n') ? "" : "\n");
    end_hints();
    static std::set<std::string> shown;  // what has been shown need not be read again
    bool shows_program = text.find("$ ") != std::string::npos;
    for (const Catch::MessageInfo& message : stats.infoMessages) {
        if (message.message == thrown) continue;
        shows_program = shows_program || message.message.find("$ ") != std::string::npos;
        if (!shown.insert(message.message).second) continue;
        text += message.message + (message.message.ends_with('\n') ? "" : "\n");
    }
    const std::string programs = shows_program ? "" : describe_programs();
    if (!shown.insert(commands_in(programs)).second) return print(text);
    print(text + programs);
}

CATCH_REGISTER_REPORTER("slipway", Reporter)

// Catch2 wants at most one session in a process.
static Catch::Session& session() {
    static Catch::Session only_session;
    static const bool is_ready = [] {
        // Of a reader's program three faults are enough: the rest is mostly the same once more.
        const char* const faults_max = checked_stage() > 0 ? "3" : "1000";
        const std::array arguments{"slipway-tests", "--reporter", "slipway", "--abortx",
                                   faults_max};
        return only_session.applyCommandLine(static_cast<int>(arguments.size()),
                                             arguments.data()) == 0;
    }();
    if (!is_ready) throw Failure{"Catch2 does not take its options"};
    return only_session;
}

static void select(const std::string& expression) {
    Catch::ConfigData data = session().configData();
    data.testsOrTags = {expression};
    session().useConfigData(data);
}

#if CATCH_VERSION_MAJOR >= 3
static const Catch::TestCaseInfo& information(const Catch::TestCaseHandle& test) {
    return test.getTestCaseInfo();
}
#else
static const Catch::TestCaseInfo& information(const Catch::TestCase& test) {
    return test.getTestCaseInfo();
}
#endif

static std::vector<Case> selected_cases() {
    const Catch::Config& config = session().config();
    std::vector<Case> cases;
    for (const auto& test :
         Catch::filterTests(Catch::getAllTestCasesSorted(config), config.testSpec(), config)) {
        cases.push_back({information(test).name, information(test).tagsAsString()});
    }
    return cases;
}

static std::string escaped(const std::string& name) {
    std::string text;
    for (const char letter : name) {
        if (std::string_view{"\\,[\"~"}.find(letter) != std::string_view::npos) text += '\\';
        text += letter;
    }
    return text;
}

std::vector<Case> find_cases(const std::string& expression) {
    select(expression.empty() ? "~[.]" : expression);
    std::vector<Case> cases = selected_cases();
    if (cases.empty() && !expression.empty()) {
        select(escaped(expression));  // the name of a case, commas and brackets included
        cases = selected_cases();
    }
    return cases;
}

int run_case(const std::string& name) {
    select(escaped(name));
    if (selected_cases().size() != 1) throw Failure{"no such case: " + name};
    return session().run() == 0 ? 0 : 1;
}
