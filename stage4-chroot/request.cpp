#include "stage4-chroot/request.hpp"

#include "common/error.hpp"
#include "common/options.hpp"

static constexpr Program kProgram = {
    "stage4-chroot",
    "rootfs DIR [PROGRAM...]\n"
    "run [OPTIONS] [--] COMMAND [ARG...]\n"
    "breakout COMMAND [ARG...]",
    "rootfs    makes a root from the host's own programs and their libraries\n"
    "run       starts a command in a root of its own; without --rootfs in a temporary one\n"
    "breakout  typed inside: leaves a chroot and starts a command outside of it\n"
    "\n"
    "Try: run -- sh -c 'ls /; cat /etc/os-release; ps aux'",
};

static std::vector<Option> option_table(RunRequest& request) {
    auto options = isolation_option_table(request.isolation);
    options.push_back({"--rootfs", "DIR", "the root (default: a temporary one, host programs)",
                       [&](std::string_view path) { request.root.rootfs = path; }});
    for (auto& option : root_option_table(request.root, request.environment)) {
        options.push_back(std::move(option));
    }
    return options;
}

// `run`'s own words: its options, then the command. Some options may have stood before the verb.
static RunRequest parse_run(RunRequest request, const std::vector<std::string>& arguments) {
    request.command = parse_options(kProgram, option_table(request), arguments);
    if (request.command.empty()) {
        throw UsageError{"run: no command to run (try stage4-chroot run -- ls /)"};
    }
    check_root_options(request.isolation);
    return request;
}

static RootfsRequest parse_rootfs(const std::vector<std::string>& arguments) {
    const auto operands = parse_options(kProgram, {}, arguments);
    if (operands.empty()) {
        throw UsageError{"rootfs: no directory to fill (rootfs DIR [PROGRAM...])"};
    }
    return {operands[0], {operands.begin() + 1, operands.end()}};
}

static BreakoutRequest parse_breakout(const std::vector<std::string>& arguments) {
    const auto command = parse_options(kProgram, {}, arguments);
    if (command.empty()) {
        throw UsageError{"breakout: no command to run (try breakout ls /)"};
    }
    return {command};
}

RootRequest parse_root_request(const std::vector<std::string>& arguments) {
    RunRequest request;
    const auto words = parse_options(kProgram, option_table(request), arguments);
    if (words.empty()) throw UsageError{"what to do is missing (try stage4-chroot --help)"};
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (words[0] == "run") return parse_run(request, rest);
    if (words[0] == "rootfs") return parse_rootfs(rest);
    if (words[0] == "breakout") return parse_breakout(rest);
    throw UsageError{"unknown verb " + printable(words[0]) + " (try stage4-chroot --help)"};
}
