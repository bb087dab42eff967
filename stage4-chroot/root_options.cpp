#include "stage4-chroot/root_options.hpp"

#include <linux/sched.h>

#include <algorithm>
#include <cstdlib>

#include "common/error.hpp"

// "/a//b/../c/./" as "/a/c", by its words alone as Docker has it; empty for the root itself, above
// which there is nothing.
static std::string plain_path(std::string_view path) {
    std::string plain;
    while (!path.empty()) {
        const auto part = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(part.size() + 1, path.size()));
        if (part == "..")
            plain.erase(std::min(plain.rfind('/'), plain.size()));
        else if (!part.empty() && part != ".")
            plain.append("/").append(part);
    }
    return plain;
}

static Bind parse_bind(std::string_view text) {
    const auto wrong = [&](const char* why) {
        return UsageError{"-v " + printable(text) + ": " + why + " (-v SRC:DST[:ro])"};
    };
    const auto first = text.find(':');
    if (first == std::string_view::npos) throw wrong("no destination");
    const auto second = text.find(':', first + 1);
    Bind bind{std::string{text.substr(0, first)},
              std::string{text.substr(first + 1, second - first - 1)}, false};
    if (second != std::string_view::npos) {
        const auto mode = text.substr(second + 1);
        if (mode != "ro" && mode != "rw") throw wrong("the mode is ro or rw");
        bind.read_only = mode == "ro";
    }
    if (bind.source.empty()) throw wrong("no source");
    const std::string place = plain_path(bind.destination);
    if (!bind.destination.starts_with('/') || place.empty()) {
        throw wrong("the destination is an absolute path inside the root, and not the root itself");
    }
    bind.destination = place;
    return bind;
}

static std::string parse_variable(std::string_view text) {
    if (text.empty() || text.front() == '=') {
        throw UsageError{"-e " + printable(text) + ": a variable has a name (-e NAME=VALUE)"};
    }
    if (text.find('=') != std::string_view::npos) return std::string{text};
    const char* value = std::getenv(std::string{text}.c_str());  // -e NAME: the caller's own value
    return value == nullptr ? std::string{} : std::string{text} + "=" + value;
}

std::vector<Option> root_option_table(RootOptions& options, std::vector<std::string>& environment) {
    return {
        {"--chroot", "", "enter the root by chroot, as the articles do, not by pivot_root",
         [&](std::string_view) { options.use_chroot = true; }},
        {"--read-only", "", "the root cannot be written to",
         [&](std::string_view) { options.read_only = true; }},
        {"-v --volume", "SRC:DST[:ro]", "a file or directory of the host inside the root",
         [&](std::string_view text) { options.binds.push_back(parse_bind(text)); }},
        {"-w --workdir", "DIR", "start in this directory (default: /)",
         [&](std::string_view text) { options.working_directory = text; }},
        {"-e --env", "NAME=VALUE", "a variable for the command",
         [&](std::string_view text) { environment.push_back(parse_variable(text)); }},
    };
}

void check_root_options(const IsolationOptions& isolation) {
    if (isolation.has(CLONE_NEWNS)) return;
    throw UsageError{"a root of its own needs a mount namespace: keep mnt in --only and --share"};
}

RootContext root_context(const IsolationOptions& isolation) {
    return {.own_network = isolation.has(CLONE_NEWNET),
            .own_ipc = isolation.has(CLONE_NEWIPC),
            .own_pids = isolation.has(CLONE_NEWPID)};
}

std::vector<std::string> container_environment(const std::string& hostname,
                                               const std::vector<std::string>& extra) {
    std::vector<std::string> all = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=" + hostname,
        "HOME=/root"};
    if (const char* terminal = std::getenv("TERM")) all.push_back(std::string{"TERM="} + terminal);
    for (const auto& entry : extra) {
        if (entry.empty()) continue;  // -e NAME of a variable that the caller does not have
        const std::string name = entry.substr(0, entry.find('=') + 1);
        std::erase_if(all, [&](const auto& known) { return known.starts_with(name); });
        all.push_back(entry);
    }
    return all;
}
