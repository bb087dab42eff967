// The only part of the runner that talks to Catch2, and where version 2 puts its implementation:
// compiled without the precompiled header, since what the header holds depends on this macro.
#define CATCH_CONFIG_RUNNER
#include "tests/support/catch.hpp"

#include <array>

#include "common/error.hpp"
#include "tests/support/case.hpp"

// Catch2 wants at most one session in a process. Its compact reporter breaks no line: a command
// that it shows can be pasted.
static Catch::Session& session() {
    static Catch::Session only_session;
    static const bool is_ready = [] {
        const std::array arguments{"slipway-tests", "--reporter", "compact"};
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
