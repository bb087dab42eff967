// Limits that cannot be set here: no rights, no tree, no controller; and groups that were handed to
// an ordinary user.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "tests/stage5/groups.hpp"

// As nobody, or as whoever we are, in a group that is not ours to write to.
static Result run_without_rights(const StageContainer& container, const Words& options) {
    if (is_root()) check(::chown(container.outside("").c_str(), 65534, 65534), "chown", "root");
    Words command{program(5), "run"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {container.outside(""), "/probe", "exit", "7"});
    return run(as_ordinary_user(command));
}

static void need_no_delegation() {
    if (is_root()) return need_user_namespaces();
    for (const auto& one : find_hierarchies()) {
        if (::access(one.own_group.c_str(), W_OK) == 0) skip("this user has a group of its own");
    }
}

TEST_CASE("a limit that was asked for and cannot be set is an error", "[stage5][ungrouped]") {
    need_no_delegation();
    const StageContainer container{5};
    for (const Words& options : {Words{"--memory", "64"}, Words{"--cpu", "512"},
                                 Words{"--pids", "10"}, Words{"--quiet", "--memory", "64"}}) {
        Words all = options;
        if (all[0] != "--quiet") all.insert(all.begin(), "--quiet");
        const Result result = run_without_rights(container, all);
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_message(result.err, program_name(5), {"limits need root", "Delegate=yes"}) ==
              "");
    }
}

TEST_CASE("defaults that cannot be set are left out, and said", "[stage5][ungrouped]") {
    need_no_delegation();
    const StageContainer container{5};
    const Result result = run_without_rights(container, {});
    INFO(result);
    CHECK(result.exit_code == 7);
    CHECK(result.err.find("Warning: Could not set cgroup limits: ") != std::string::npos);
    CHECK(result.err.find("limits need root") != std::string::npos);
    CHECK(result.err.find("\nContinuing without resource limits...\n") != std::string::npos);
    CHECK(result.err.find("Resource limits:") == std::string::npos);
    const Result quiet = run_without_rights(container, {"--quiet"});
    CHECK(quiet.exit_code == 7);
    CHECK(quiet.err.empty());
}

// Machines on which nobody can set a limit, made in a mount namespace of their own.
static const std::string kNoTree = "umount --recursive --lazy /sys/fs/cgroup";
static const std::string kReadOnlyTree =
    "for place in $(awk '$3 ~ /^cgroup/ {print $2}' /proc/mounts); do "
    "mount -o remount,bind,ro $place; done";

static Result run_where(const std::string& change, const StageContainer& container,
                        const Words& options) {
    Words command{"unshare", "--mount",  "sh", "-c", change + "; exec \"$@\"",
                  "sh",      program(5), "run"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {container.outside(""), "/probe", "args", "it ran"});
    return run(command);
}

TEST_CASE("a limit that was asked for and cannot be set is 125, a default is left out",
          "[stage5][root][contract]") {
    hint("what was asked for is an error, a default is not: check the result of every write");
    need_limits();
    const StageContainer container{5};
    for (const std::string& machine : {kNoTree, kReadOnlyTree}) {
        for (const std::string option : {"--memory", "--cpu", "--pids"}) {
            const Result asked = run_where(machine, container, {"--quiet", option, "100"});
            INFO(asked);
            REQUIRE(asked.exit_code == 125);
            CHECK(asked.out == "");
            CHECK(fault_of_line(asked.err, {}) == "");
        }
        const Result defaults = run_where(machine, container, {"--quiet"});
        INFO(defaults);
        CHECK(defaults.out == "it ran\n");
        CHECK(defaults.err == "");
    }
}

TEST_CASE("without any cgroup tree defaults are left out and limits an error", "[stage5][root]") {
    const StageContainer container{5};
    const Result defaults = run_where(kNoTree, container, {});
    INFO(defaults);
    CHECK(defaults.out == "it ran\n");
    CHECK(defaults.err.find("no memory controller") != std::string::npos);
    const Result asked = run_where(kNoTree, container, {"--quiet", "--pids", "10"});
    INFO(asked);
    CHECK(asked.exit_code == 125);
    CHECK(fault_of_message(asked.err, program_name(5), {"limit pids", "no pids controller"}) == "");
}

TEST_CASE("without any cgroup tree too nothing is left of a command", "[stage5][root]") {
    const StageContainer container{5};
    Words command{"unshare", "--mount", "sh", "-c", kNoTree + "; exec \"$@\"", "sh"};
    const Words rest = container.probing({"orphan"}, {"--share", "pid"});
    command.insert(command.end(), rest.begin(), rest.end());
    const Result result = run(command);
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK_FALSE(is_alive(static_cast<pid_t>(std::stol(result.out))));
}

TEST_CASE("a tree that is mounted read-only is no reason not to run", "[stage5][root]") {
    need_limits();
    const StageContainer container{5};
    const Result defaults = run_where(kReadOnlyTree, container, {});
    INFO(defaults);
    CHECK(defaults.out == "it ran\n");
    CHECK(defaults.err.find("Read-only file system") != std::string::npos);
    const Result asked = run_where(kReadOnlyTree, container, {"--quiet", "--pids", "10"});
    INFO(asked);
    CHECK(asked.exit_code == 125);
    CHECK(fault_of_message(asked.err, program_name(5),
                           {"Read-only file system", "leave the limit out"}) == "");
}

TEST_CASE("a container inside a container runs, without limits of its own", "[stage5][root]") {
    need_limits();
    const StageContainer container{5};
    std::filesystem::copy_file(program(5), container.outside("inner"));
    make_directories(container.outside("image"));
    std::filesystem::copy_file(probe(), container.outside("image/probe"));
    const Result result =
        run(container.command({"/inner", "run", "/image", "/probe", "exit", "7"}));
    INFO(result);
    CHECK(result.exit_code == 7);
    CHECK(result.err.find("Warning: Could not set cgroup limits: ") != std::string::npos);
    const Result asked = run(
        container.command({"/inner", "run", "--memory", "64", "/image", "/probe", "exit", "7"}));
    CHECK(asked.exit_code == 125);
}

// A container of stage 5 for an ordinary user, whose command the words are.
static Words for_ordinary_user(const StageContainer& container, const Words& options,
                               const Words& command) {
    check(::chown(container.outside("").c_str(), 65534, 65534), "chown", "root");
    Words all{program(5), "run", "--quiet"};
    all.insert(all.end(), options.begin(), options.end());
    all.push_back(container.outside(""));
    all.insert(all.end(), command.begin(), command.end());
    return all;
}

TEST_CASE("an ordinary user limits containers in groups that are its own", "[stage5][root]") {
    need_limits();
    need_user_namespaces();
    const StageContainer container{5};
    const DelegatedGroups groups;
    const Words options{"--memory", "64", "--cpu", "2048", "--pids", "10"};
    const Result forks =
        run(groups.entering(for_ordinary_user(container, options, {"/probe", "forks", "50"})));
    INFO(forks);
    CHECK(forks.out == "9 Resource temporarily unavailable\n");
    CHECK(groups.left().empty());
    const Result eats =
        run(groups.entering(for_ordinary_user(container, options, {"/probe", "eat", "100"})),
            {.deadline = std::chrono::seconds{50}});
    INFO(eats);
    CHECK(eats.exit_code == 137);
    CHECK(eats.err.find("killed: out of memory, limit 64 MiB") != std::string::npos);
    CHECK(groups.left().empty());
}

TEST_CASE("an ordinary user's groups go when its program is killed", "[stage5][root]") {
    need_limits();
    need_user_namespaces();
    const StageContainer container{5};
    const DelegatedGroups groups;
    Process runner{
        groups.entering(for_ordinary_user(container, {"--pids", "10"}, {"/probe", "sleep"}))};
    runner.wait_for_output("ready");
    CHECK_FALSE(groups.left().empty());
    runner.signal(SIGKILL);
    CHECK(runner.wait() == 137);
    wait_until([&] { return groups.left().empty(); }, "the groups are gone");
}

TEST_CASE("a group that holds others cannot be divided, and they are named", "[stage5][root][v2]") {
    need_limits();
    need_user_namespaces();
    const StageContainer container{5};
    const DelegatedGroups groups;
    const pid_t pid = check(::fork(), "fork");
    while (pid == 0) ::pause();
    Child other{pid};
    for (const auto& group : groups.directories()) {
        write_cgroup_file(group, "cgroup.procs", std::to_string(pid));
    }
    const Result asked =
        run(groups.entering(for_ordinary_user(container, {"--pids", "10"}, {"/probe", "pid"})));
    INFO(asked);
    CHECK(asked.exit_code == 125);
    CHECK(fault_of_message(
              asked.err, program_name(5),
              {"other processes live in it (" + std::to_string(pid) + ")", "Delegate=yes"}) == "");
    CHECK(groups.left().empty());
    const Result defaults =
        run(groups.entering(for_ordinary_user(container, {}, {"/probe", "exit", "7"})));
    INFO(defaults);
    CHECK(defaults.exit_code == 7);
    CHECK(groups.left().empty());
}
