#include "tests/bench/contestants.hpp"

#include <unistd.h>

#include "tests/bench/runtimes.hpp"

LaunchField::LaunchField(const Settings& settings)
    : build_{settings.build},
      root_{make_small_root(scratch_.path(), build_ + "/tests/bench-true")},
      places_{find_group_places()} {
    add_floors();
    add_stages();
    add_runtimes();
}

// The floors of one version of control groups: joined from inside and moved from outside, with
// /proc alone and with all that stage 5 mounts.
void LaunchField::add_group_floors(const Words& pivot, const Words& places, bool has_limits,
                                   const std::vector<std::string>& ways) {
    const std::string version = places[0] == "--v2" ? ", v2 " : ", v1 ";
    for (const std::string& way : ways) {
        const Words joining = with(with(pivot, places), {"--join", way});
        commands_.push_back({"floor" + version + way + (has_limits ? "" : " without limits"),
                             {with(joining, {"--proc", "/bin/true"})}});
        if (!has_limits) continue;  // then it does not do what stage 5 does
        const bool is_best = &way == &ways[0];
        commands_.push_back({kFullFloor + version + way,
                             {with(joining, {"--all", "--loopback", "/bin/true"})},
                             is_best});
    }
}

void LaunchField::add_floors() {
    Words floor{build_ + "/tests/launch-floor"};
    if (::geteuid() != 0) floor.push_back("--user");
    const Words pivot = with(floor, {"--isolate", "--pivot", root_});
    commands_.push_back({"chroot, no namespaces", {with(floor, {"--chroot", root_, "/bin/true"})}});
    commands_.push_back({"floor without cgroup", {with(pivot, {"--proc", "/bin/true"})}});
    if (places_.has_v1()) {
        add_group_floors(pivot, {"--memory", places_.memory_v1, "--pids", places_.pids_v1}, true,
                         {"tasks", "procs"});
    }
    if (!places_.v2.empty()) {
        Words v2{"--v2", places_.v2};
        if (places_.v2_has_limits) v2.push_back("--limits");
        add_group_floors(pivot, v2, places_.v2_has_limits, {"born", "moved"});
    }
    if (has_limits()) return;
    commands_.push_back({kFullFloor + " without cgroup",
                         {with(pivot, {"--all", "--loopback", "/bin/true"})},
                         true});
    remarks_.push_back("No control group with limits can be made here: all go without.");
}

void LaunchField::add_stages() {
    const auto add = [&](const std::string& name, const std::string& program, const Words& words) {
        const std::string path = build_ + "/" + program;
        if (::access(path.c_str(), X_OK) == 0) {
            commands_.push_back({name, {with({path}, words)}, name == kStage5});
        } else {
            remarks_.push_back(name + " is not built.");
        }
    };
    add("stage 3 (no root, no cgroup)", "stage3-namespaces",
        {"run", "--quiet", "--", build_ + "/tests/bench-true"});
    add("stage 4 (no cgroup)", "stage4-chroot",
        {"run", "--quiet", "--rootfs", root_, "--", "/bin/true"});
    // --cpu 0: the quota would be one group more on version 1 than the others make.
    const Words limits =
        has_limits() ? Words{"--memory", "64", "--pids", "64"} : Words{"--memory", "0"};
    add(kStage5, "stage5-cgroups",
        with(with({"run", "--quiet", "--cpu", "0"}, limits), {root_, "/bin/true"}));
}

void LaunchField::add_runtimes() {
    for (const Runtime& runtime : find_runtimes(scratch_.path(), root_)) {
        if (runtime.version.empty()) {
            remarks_.push_back(runtime.name + " is not installed.");
            continue;
        }
        remarks_.push_back(runtime.name + ": " + runtime.version);
        if (::geteuid() != 0 && runtime.has_limits) {
            remarks_.push_back(runtime.name + " takes part for root only.");
            continue;
        }
        commands_.push_back({runtime.name + (runtime.has_limits ? "" : " (no cgroup)"),
                             runtime.command, runtime.name == "crun"});
    }
}

std::vector<Contestant> LaunchField::contestants(bool quick) const {
    std::vector<Contestant> all;
    for (const LaunchCommand& one : commands_) {
        if (quick && !one.has_target) continue;
        all.push_back({one.name, [this, &one] { return time_command(one.command, view_); }});
    }
    return all;
}
