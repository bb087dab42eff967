// What each piece of a launch costs: one launch with it beside one without it.
#include <sched.h>
#include <unistd.h>

#include "tests/bench/command.hpp"
#include "tests/bench/launch_floor.hpp"
#include "tests/bench/round_robin.hpp"
#include "tests/bench/statistics.hpp"
#include "tests/bench/topics.hpp"

struct Piece {
    std::string name;
    LaunchPlan plan;
    bool is_possible = true;
};

static constexpr auto kBase = "clone3, exec, wait";
static constexpr std::chrono::milliseconds kQuietGap{100};

static std::vector<Piece> namespace_pieces(const LaunchPlan& base) {
    struct Kind {
        const char* name;
        std::uint64_t flag;
    };
    static constexpr Kind kinds[] = {
        {"pid", CLONE_NEWPID},   {"mnt", CLONE_NEWNS},        {"uts", CLONE_NEWUTS},
        {"ipc", CLONE_NEWIPC},   {"cgroup", CLONE_NEWCGROUP}, {"net", CLONE_NEWNET},
        {"user", CLONE_NEWUSER},
    };
    std::vector<Piece> pieces;
    for (const Kind& kind : kinds) {
        if ((base.namespaces & kind.flag) != 0) continue;
        LaunchPlan plan = base;
        plan.namespaces |= kind.flag;
        pieces.push_back({std::string{"+ "} + kind.name + " namespace", plan});
    }
    LaunchPlan loopback = base;
    loopback.namespaces |= CLONE_NEWNET;
    loopback.loopback = true;
    pieces.push_back({"+ net namespace, its loopback up", loopback});
    return pieces;
}

static std::vector<Piece> root_pieces(const LaunchPlan& base, const std::string& root) {
    LaunchPlan plan = base;
    plan.root = root;
    plan.command = {"/bin/true"};
    plan.entry = Entry::change_root;
    std::vector<Piece> pieces{{"+ chroot", plan}};
    plan.entry = Entry::pivot;
    // A new /proc shows a PID namespace, and only its owner may mount it.
    plan.namespaces |= CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;
    LaunchPlan inside = plan;
    inside.entry = Entry::none;
    inside.command = base.command;
    pieces.push_back({"+ mnt, pid, net, ipc namespaces", inside});
    pieces.push_back({"  and pivot_root", plan});
    plan.mount_proc = true;
    pieces.push_back({"  and /proc", plan});
    plan.mount_all = true;
    pieces.push_back({"  and all that stage 5 mounts", plan});
    return pieces;
}

static std::vector<Piece> group_pieces(const LaunchPlan& base, const GroupPlaces& places) {
    struct Way {
        const char* name;
        Join join;
        bool is_possible;
    };
    const bool v2 = !places.v2.empty();
    const Way ways[] = {
        {"+ v1 groups, memory and pids; it writes 0 to tasks", Join::tasks, places.has_v1()},
        {"+ v1 groups; its parent writes to cgroup.procs", Join::procs, places.has_v1()},
        {"+ v2 group; born in it (CLONE_INTO_CGROUP)", Join::born, v2},
        {"+ v2 group; its parent writes to cgroup.procs", Join::moved, v2},
    };
    std::vector<Piece> pieces;
    for (const Way& way : ways) {
        LaunchPlan plan = base;
        plan.join = way.join;
        pieces.push_back({way.name, plan, way.is_possible});
    }
    return pieces;
}

static std::vector<Piece> all_pieces(const LaunchPlan& base, const std::string& root,
                                     const GroupPlaces& places) {
    std::vector<Piece> all{{kBase, base}};
    for (const auto& some :
         {namespace_pieces(base), root_pieces(base, root), group_pieces(base, places)}) {
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

static void write_table(const std::vector<Series>& hot, const std::vector<Series>& cold,
                        Report& report) {
    std::vector<std::vector<std::string>> rows{
        {"piece", "hot, ms", "more than without", "after 100 ms of quiet, ms", "more"}};
    const auto more = [](const Series& series, const Series& base) {
        return number_text(median_difference(series.values, base.values));
    };
    for (std::size_t i = 0; i < hot.size(); ++i) {
        if (hot[i].values.empty() || cold[i].values.empty()) {
            rows.push_back({hot[i].name, "-", "-", "-", "-"});
            continue;
        }
        rows.push_back({hot[i].name, number_text(median(hot[i].values)), more(hot[i], hot[0]),
                        number_text(median(cold[i].values)), more(cold[i], cold[0])});
    }
    report.table(rows);
    for (const Series& series : hot) {
        if (!series.fault.empty()) report.paragraph(series.name + ": " + series.fault);
    }
}

void measure_pieces(const Settings& settings, Report& report) {
    report.heading("What a launch is made of");
    const GroupPlaces places = find_group_places();
    const ScratchDirectory scratch;
    const std::string program = settings.build + "/tests/bench-true";
    const std::string root = make_small_root(scratch.path(), program);
    LaunchPlan base;
    base.command = {program};
    if (::geteuid() != 0) {
        base.namespaces = CLONE_NEWUSER;
        report.paragraph("Without root, so everything in a user namespace, the first row too.");
    }
    std::vector<Contestant> contestants;
    for (const Piece& piece : all_pieces(base, root, places)) {
        if (!piece.is_possible) {
            report.paragraph("Not here: " + piece.name);
            continue;
        }
        const LaunchPlan plan = piece.plan;
        contestants.push_back(
            {piece.name, [plan, places] { return launch(plan, places).total(); }});
    }
    const auto hot =
        round_robin(contestants, {settings.rounds_or(200, 50), 3, std::chrono::milliseconds{0}});
    const auto cold = round_robin(contestants, {settings.rounds_or(30, 10), 1, kQuietGap});
    write_table(hot, cold, report);
}
