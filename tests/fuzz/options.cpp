// Command lines: every word is an option's, its value, or left over in its place; only UsageError
// refuses; of a variable that is given twice the last counts.
#include <map>

#include "common/error.hpp"
#include "stage4-chroot/root_options.hpp"
#include "stage5-cgroups/limits.hpp"
#include "tests/fuzz/fuzz.hpp"

static void check_rest(const std::vector<std::string>& all, const std::vector<std::string>& rest) {
    hold(rest.size() <= all.size(), "nothing is invented");
    const auto skipped = all.size() - rest.size();
    hold(std::equal(rest.begin(), rest.end(), all.begin() + static_cast<std::ptrdiff_t>(skipped)),
         "what is left over is the end of the line");
    const bool ended = skipped > 0 && all[skipped - 1] == "--";
    hold(rest.empty() || ended || rest[0].size() < 2 || rest[0][0] != '-',
         "an option is never taken for a word");
}

static void check_environment(const std::vector<std::string>& extra) {
    std::map<std::string, std::string> expected;
    for (const auto& entry : extra) {
        if (!entry.empty()) expected[entry.substr(0, entry.find('='))] = entry;
    }
    std::map<std::string, std::string> found;
    for (const auto& entry : container_environment("h", extra)) {
        const bool is_new = found.emplace(entry.substr(0, entry.find('=')), entry).second;
        hold(is_new, "a variable comes once");
    }
    for (const auto& [name, entry] : expected) hold(found[name] == entry, "the last one counts");
}

static void check_root_options(const RootOptions& options) {
    for (const Bind& bind : options.binds) {
        hold(bind.destination.starts_with('/') && bind.destination.size() > 1, "-v has a place");
        const std::string inside = bind.destination + "/";
        for (const char* odd : {"//", "/./", "/../"}) {
            hold(inside.find(odd) == inside.npos, "of plain names, so not the root itself");
        }
        hold(!bind.source.empty(), "-v has a source");
    }
}

void check_input(std::string_view input) {
    Choices choices{input};
    std::vector<std::string> words;
    while (!input.empty()) words.emplace_back(choices.until('\0'));
    for (const auto& word : words) {
        if (word == "--help" || word == "--version") return;  // they end the program
    }
    RootOptions root;
    Limits limits;
    std::vector<std::string> environment;
    auto table = root_option_table(root, environment);
    for (auto& option : limit_option_table(limits)) table.push_back(std::move(option));
    try {
        check_rest(words, parse_options({"program", "run", "about"}, table, words));
    } catch (const UsageError& error) {
        hold(printable(error.what()) == error.what(), "a message can be shown");
        return;
    }
    check_root_options(root);
    check_environment(environment);
    hold(limits.cpu_weight <= 10000 && limits.pids <= 1 << 22, "limits have their ranges");
}
