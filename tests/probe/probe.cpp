// probe VERB [ARG...]: static, so that it runs in any root. Exit code 1 when the kernel refused.
#include "tests/probe/probe.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"

void say(std::string_view line) {
    print(std::string{line} + "\n");
}

static int list_verbs(const std::vector<Verb>& verbs) {
    for (const Verb& verb : verbs) {
        std::string line = std::string{verb.name} + " " + std::string{verb.arguments};
        line.resize(std::max<std::size_t>(line.size() + 1, 24), ' ');
        say(line.append(verb.help));
    }
    return 2;
}

int main(int argc, char** argv) try {
    std::vector<Verb> verbs = looking_verbs();
    for (const Verb& verb : acting_verbs()) verbs.push_back(verb);
    for (const Verb& verb : calling_verbs()) verbs.push_back(verb);
    Arguments arguments = arguments_of(argc, argv);
    if (arguments.empty()) return list_verbs(verbs);
    const auto verb = std::find_if(verbs.begin(), verbs.end(),
                                   [&](const Verb& one) { return one.name == arguments[0]; });
    if (verb == verbs.end()) throw UsageError{"no such verb: " + arguments[0]};
    arguments.erase(arguments.begin());
    const auto words = std::ranges::count(verb->arguments, ' ') + !verb->arguments.empty();
    const auto optional = std::ranges::count(verb->arguments, '[');
    if (std::ssize(arguments) < words - optional) {
        throw UsageError{"usage: " + std::string{verb->name} + " " + std::string{verb->arguments}};
    }
    return verb->run(arguments);
} catch (const std::exception& error) {
    return report_failure("probe", error, 1);
}
