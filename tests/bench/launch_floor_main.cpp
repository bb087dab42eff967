// launch-floor: one launch at its least, as a program of its own: what a runtime is compared with.
#include <sched.h>

#include "common/error.hpp"
#include "common/options.hpp"
#include "tests/bench/launch_floor.hpp"

static constexpr Program kProgram{
    "launch-floor", "[OPTIONS] COMMAND [ARG...]",
    "Starts a command with the bare system calls of a container, and waits for it."};

static Join join_named(std::string_view name) {
    if (name == "tasks") return Join::tasks;
    if (name == "procs") return Join::procs;
    if (name == "born") return Join::born;
    if (name == "moved") return Join::moved;
    throw UsageError{"--join is tasks, procs, born or moved"};
}

int main(int argc, char** argv) try {
    LaunchPlan plan;
    GroupPlaces places;
    std::vector<Option> options{
        {"--isolate", "", "in namespaces of all kinds but user",
         [&](auto) { plan.namespaces |= kAllNamespaces; }},
        {"--user", "", "in a user namespace", [&](auto) { plan.namespaces |= CLONE_NEWUSER; }},
        {"--chroot", "DIR", "in this root, by chroot",
         [&](auto text) { plan.entry = Entry::change_root, plan.root = text; }},
        {"--pivot", "DIR", "in this root, by pivot_root",
         [&](auto text) { plan.entry = Entry::pivot, plan.root = text; }},
        {"--proc", "", "with /proc", [&](auto) { plan.mount_proc = true; }},
        {"--all", "", "with everything that stage 5 mounts", [&](auto) { plan.mount_all = true; }},
        {"--loopback", "", "with a loopback", [&](auto) { plan.loopback = true; }},
        {"--join", "HOW", "tasks, procs, born, moved",
         [&](auto text) { plan.join = join_named(text); }},
        {"--memory", "DIR", "where version 1 groups with memory are made",
         [&](auto text) { places.memory_v1 = text; }},
        {"--pids", "DIR", "the same for pids", [&](auto text) { places.pids_v1 = text; }},
        {"--v2", "DIR", "where version 2 groups are made", [&](auto text) { places.v2 = text; }},
        {"--limits", "", "version 2 has the controllers",
         [&](auto) { places.v2_has_limits = true; }},
    };
    plan.command = parse_options(kProgram, options, arguments_of(argc, argv));
    if (plan.command.empty()) throw UsageError{"no command (try launch-floor --help)"};
    launch(plan, places);
    return 0;
} catch (const std::exception& error) {
    return report_failure(kProgram.name, error, 125);
}
