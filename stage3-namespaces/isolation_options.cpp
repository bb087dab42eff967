#include "stage3-namespaces/isolation_options.hpp"

#include <linux/sched.h>
#include <unistd.h>

IsolationOptions::IsolationOptions() : namespaces{default_namespaces()} {
    if (::geteuid() != 0) namespaces |= CLONE_NEWUSER;
}

std::vector<Option> isolation_option_table(IsolationOptions& options) {
    return {
        {"--only", "KINDS", "new namespaces of these kinds only, as in pid,mnt",
         [&](std::string_view kinds) {
             // The user namespace is what makes the others possible without root: it stays.
             options.want(parse_namespaces(kinds) | (options.namespaces & CLONE_NEWUSER));
         }},
        {"--share", "KINDS", "keep the host's namespaces of these kinds",
         [&](std::string_view kinds) { options.share(parse_namespaces(kinds)); }},
        {"--hostname", "NAME", "the host name inside (default: container)",
         [&](std::string_view name) {
             check_hostname(name);
             options.hostname = name;
         }},
        {"--user", "", "a user namespace too (the default without root)",
         [&](std::string_view) { options.want(options.namespaces | CLONE_NEWUSER); }},
        {"--init", "", "a small init as process 1, the command as its child",
         [&](std::string_view) { options.init = true; }},
        {"--quiet", "", "say nothing of our own", [&](std::string_view) { options.quiet = true; }},
        {"--explain", "", "tell each system call that makes the container",
         [&](std::string_view) {
             if (options.explain == Explaining::off) options.explain = Explaining::lines;
         }},
        {"--step", "", "as --explain, and wait for Enter before each",
         [&](std::string_view) { options.explain = Explaining::steps; }},
    };
}
