// The control groups of a container: joined first, gone afterwards, however it ends.
#include "tests/stage5/groups.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"

// A container that says it is ready, then waits for a line and ends with 5.
static Words waiting(const StageContainer& container, const Words& options = {}) {
    Words all = options;
    all.insert(all.end(), {"--pids", "100"});
    return container.command({"/bin/sh", "-c", "echo ready; read line; exit 5"}, all);
}

TEST_CASE("groups are gone after the command has ended", "[stage5][root][contract]") {
    hint("does the parent remove the group's directory (rmdir) after waitpid?");
    need_limits();
    const StageContainer container = container_with_programs({"sh"});
    Running running{waiting(container), "ready"};
    CHECK(running.groups().size() >= 1);
    running.runner().send("go\n");
    CHECK(running.runner().wait() == 5);
    CHECK(running.groups_left() == "");  // at once
}

TEST_CASE("groups are gone after Ctrl-C, SIGTERM and SIGKILL", "[stage5][root][contract]") {
    hint(
        "SIGKILL leaves the runner no time: a second process has to wait for its end and clean up");
    need_limits();
    const StageContainer container = container_with_programs({"sh"});
    for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
        Running running{waiting(container), "ready"};
        CHECK(running.groups().size() >= 1);
        running.runner().signal(signal);
        CHECK(running.runner().wait() == 128 + signal);
        running.check_groups_gone();
    }
}

TEST_CASE("groups are gone after an error", "[stage5][root]") {
    need_limits();
    const StageContainer container{5};
    const Result result =
        run({program(5), "run", "--pids", "100", container.outside(""), "/no/such/program"});
    INFO(result);
    CHECK(result.exit_code == 127);
    const auto start = result.err.find('[') + 1;
    for (const auto& group : cgroup_directories(result.err.substr(start, 12), find_hierarchies())) {
        CHECK_FALSE(file_exists(group));
    }
}

TEST_CASE("two containers at once have groups of their own", "[stage5][root][contract]") {
    hint("is a part of the group's name random?");
    need_limits();
    const StageContainer container = container_with_programs({"sh"});
    Running first{waiting(container, {"--memory", "64"}), "ready"};
    Running second{waiting(container, {"--memory", "128"}), "ready"};
    CHECK(first.limit(kMemoryFiles) == "67108864");
    CHECK(second.limit(kMemoryFiles) == "134217728");
    first.runner().send("go\n");
    CHECK(first.runner().wait() == 5);
    first.check_groups_gone();
    CHECK(second.limit(kMemoryFiles) == "134217728");
    second.runner().send("go\n");
    CHECK(second.runner().wait() == 5);
    second.check_groups_gone();
}

// What a line of /proc/self/cgroup says of the hierarchies in which the limits are.
static Words lines_with_limits(const std::string& text) {
    Words lines;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);) {
        if (line.find(":memory:") != std::string::npos || line.starts_with("0:")) {
            lines.push_back(line);
        }
    }
    return lines;
}

static bool memory_is_of_version2() {
    return std::ranges::any_of(find_hierarchies(),
                               [](const Hierarchy& one) { return one.is_v2 && one.has("memory"); });
}

TEST_CASE("a command is in its group before its first instruction", "[stage5][root][contract]") {
    hint("does the child wait until it is in its group, or is it born there?");
    need_limits();
    const StageContainer container{5};
    const Words ours = lines_with_limits(read_file("/proc/self/cgroup"));
    // In our cgroup namespace the paths are not cut off at the container's own group.
    for (int turn = 0; turn < 20; ++turn) {
        const Result result = run(container.probing({"cat", "/proc/self/cgroup"},
                                                    {"--share", "cgroup", "--memory", "64"}));
        INFO(result);
        REQUIRE(result.exit_code == 0);
        REQUIRE_FALSE(result.out.empty());
        int looked_at = 0;
        for (const auto& line : lines_with_limits(result.out)) {
            if (line.starts_with("0:") != memory_is_of_version2()) continue;
            ++looked_at;
            const std::string group_of_the_runner =
                std::ranges::find(ours, line) == ours.end() ? "" : line;
            REQUIRE(group_of_the_runner == "");
        }
        REQUIRE(looked_at == 1);
    }
}

TEST_CASE("what a command starts at once is in its group too", "[stage5][root]") {
    need_limits();
    const StageContainer container = container_with_programs({"sh", "cat"});
    const Result result = run(container.command(
        {"/bin/sh", "-c",
         "i=0; while [ $i -lt 40 ]; do cat /proc/self/cgroup & i=$((i+1)); done; wait"},
        {"--share", "cgroup", "--pids", "100"}));
    INFO(result);
    REQUIRE(result.exit_code == 0);
    std::istringstream lines{result.out};
    int in_group = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.find(":pids:") != std::string::npos ||
            (line.starts_with("0:") && memory_is_of_version2())) {
            in_group += line.find("/slipway/") != std::string::npos;
        }
    }
    CHECK(in_group == 40);
}

TEST_CASE("what a command has left is killed with its group", "[stage5][root][contract]") {
    hint("a group with a process in it cannot be removed: kill whoever is in it first");
    need_limits();
    // Without a PID namespace nothing else would end it.
    const Result result = run(StageContainer{5}.probing({"orphan"}, {"--share", "pid"}));
    INFO(result);
    REQUIRE(result.exit_code == 0);
    CHECK_FALSE(is_alive(static_cast<pid_t>(std::stol(result.out))));
}

// A process of ours that does nothing until it is killed.
static pid_t sleeping_child() {
    const pid_t pid = check(::fork(), "fork");
    while (pid == 0) ::pause();
    return pid;
}

TEST_CASE("groups made inside a container's group go with it", "[stage5][root]") {
    need_limits();
    const StageContainer container = container_with_programs({"sh"});
    Running running{waiting(container), "ready"};
    Child guest{sleeping_child()};
    for (const auto& group : running.groups()) {
        check(::mkdir((group + "/below").c_str(), 0755), "mkdir");
        check(::mkdir((group + "/below/deeper").c_str(), 0755), "mkdir");
        write_control_file(group + "/below/deeper/cgroup.procs", std::to_string(guest.pid()));
    }
    running.runner().send("go\n");
    CHECK(running.runner().wait() == 5);
    CHECK(running.groups_left() == "");
    CHECK(guest.wait() == 137);
}

// A group of the case's own in a hierarchy where we may make some, removed with all in it.
class OwnGroup {
public:
    OwnGroup() : path_{place() + "/" + random_name()} { make_directories(path_); }
    OwnGroup(const OwnGroup&) = delete;
    OwnGroup& operator=(const OwnGroup&) = delete;
    ~OwnGroup() { remove_cgroups({path_}); }

    const std::string& path() const { return path_; }

private:
    static std::string place() {
        for (const auto& one : find_hierarchies()) {
            if (::access(one.own_group.c_str(), W_OK) == 0) return one.own_group;
        }
        throw Failure{"no group is ours"};
    }
    std::string path_;
};

TEST_CASE("remove_cgroups leaves groups that are not its own alone", "[stage5][root]") {
    need_limits();
    const OwnGroup group;
    const std::string above = group.path() + "/slipway";
    const std::string mine = above + "/" + random_name();
    const std::string other = above + "/" + random_name();
    make_directories(mine);
    make_directories(other);
    CHECK(remove_cgroups({mine}).empty());
    CHECK_FALSE(file_exists(mine));
    CHECK(file_exists(other));
    CHECK(remove_cgroups({mine, other}).empty());  // one that is gone is no error
    CHECK_FALSE(file_exists(above));
}

TEST_CASE("a group of the same name that is there already is not taken over", "[stage5][root]") {
    need_limits();
    const std::string name = random_name();
    Cgroup first{name};
    first.limit_pids(10);
    Cgroup second{name};
    CHECK_THROWS_WITH(second.limit_pids(20),
                      Catch::Contains("File exists") && Catch::Contains("left by a crash"));
}

TEST_CASE("a limit below what is in use is refused or ends the user", "[stage5][root]") {
    need_limits();
    const StageContainer container{5};
    const std::string name = random_name();
    Cgroup cgroup{name};
    cgroup.limit_memory(200u << 20);
    Pipe pipe = make_pipe();
    const pid_t pid = cgroup.fork_into(0);
    if (pid == 0) {
        cgroup.join();
        std::string eaten(100u << 20, 'x');
        write_all(pipe.write_end.get(), std::string_view{eaten}.substr(0, 1), "pipe");
        while (true) ::pause();
    }
    Child child{pid};
    char byte = 0;
    REQUIRE(::read(pipe.read_end.get(), &byte, 1) == 1);
    try {
        cgroup.limit_memory(20u << 20);  // version 2 takes it, and kills
        CHECK(child.wait() == 137);
    } catch (const SystemError& error) {
        CHECK(error.error() == EBUSY);
        CHECK_THAT(error.what(), Catch::Contains("uses more than that already"));
    }
}
