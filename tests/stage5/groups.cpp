// The control groups of a container: joined first, gone afterwards, however it ends.
#include "tests/stage5/groups.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"

// A container that says its host name, then waits for a line; with whatever limits it has.
static Words saying_hostname(const Container& container, const Words& options = {}) {
    Words all = options;
    all.insert(all.end(), {"--pids", "100"});
    return container.command({"/bin/sh", "-c", "hostname; read line; exit 5"}, all);
}

// A root with a shell in it.
static Container container_with_shell() {
    const Container container{5};
    REQUIRE(run({program(4), "rootfs", container.outside("")}).exit_code == 0);
    return container;
}

static void check_gone(const std::string& id) {
    wait_until([&] { return groups_of(id).empty(); }, "the groups are gone");
}

TEST_CASE("groups are gone after the command has ended", "[stage5][root]") {
    need_limits();
    const Container container = container_with_shell();
    Process runner{saying_hostname(container)};
    const std::string id = id_of(runner.read_line());
    CHECK(groups_of(id).size() >= 1);
    runner.send("go\n");
    CHECK(runner.wait() == 5);
    CHECK(groups_of(id).empty());  // at once, not some time later
}

TEST_CASE("groups are gone after Ctrl-C, SIGTERM and SIGKILL", "[stage5][root]") {
    need_limits();
    const Container container = container_with_shell();
    for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
        Process runner{saying_hostname(container)};
        const std::string id = id_of(runner.read_line());
        CHECK(groups_of(id).size() >= 1);
        runner.signal(signal);
        CHECK(runner.wait() == 128 + signal);
        check_gone(id);
    }
}

TEST_CASE("groups are gone after an error", "[stage5][root]") {
    need_limits();
    const Container container{5};
    const Result result =
        run({program(5), "run", "--pids", "100", container.outside(""), "/no/such/program"});
    INFO(result);
    CHECK(result.exit_code == 127);
    const auto start = result.err.find('[') + 1;
    CHECK(groups_of(result.err.substr(start, 12)).empty());
}

TEST_CASE("two containers at once have groups of their own", "[stage5][root]") {
    need_limits();
    const Container container = container_with_shell();
    Process first{saying_hostname(container, {"--memory", "64"})};
    Process second{saying_hostname(container, {"--memory", "128"})};
    const std::string first_id = id_of(first.read_line());
    const std::string second_id = id_of(second.read_line());
    const Words files{"memory.max", "memory.limit_in_bytes"};
    CHECK(limit_of(first_id, files) == "67108864");
    CHECK(limit_of(second_id, files) == "134217728");
    first.send("go\n");
    CHECK(first.wait() == 5);
    CHECK(groups_of(first_id).empty());
    CHECK(limit_of(second_id, files) == "134217728");
    second.send("go\n");
    CHECK(second.wait() == 5);
    CHECK(groups_of(second_id).empty());
}

TEST_CASE("a command is in its group before its first instruction", "[stage5][root]") {
    need_limits();
    const Container container{5};
    // In our cgroup namespace the paths are not cut off at the container's own group.
    const Result result = run(
        container.probing({"cat", "/proc/self/cgroup"}, {"--share", "cgroup", "--pids", "100"}));
    INFO(result);
    const auto hierarchies = find_hierarchies();
    const bool has_version2 = std::ranges::any_of(hierarchies, [](const Hierarchy& one) {
        return one.is_v2 && ::access(one.own_group.c_str(), W_OK) == 0;
    });
    std::istringstream lines{result.out};
    int in_group = 0;
    for (std::string line; std::getline(lines, line);) {
        const bool limited = line.find(":memory:") != std::string::npos ||
                             line.find(":pids:") != std::string::npos ||
                             (line.starts_with("0:") && has_version2);
        const bool joined = line.find("/slipway/") != std::string::npos;
        in_group += joined;
        if (limited) CHECK(joined);
    }
    CHECK(in_group >= 1);
}

TEST_CASE("what a command has left is killed with its group", "[stage5][root]") {
    need_limits();
    // Without a PID namespace nothing else would end it.
    const Result result = run(Container{5}.probing({"orphan"}, {"--share", "pid"}));
    INFO(result);
    REQUIRE(result.exit_code == 0);
    CHECK_FALSE(is_alive(static_cast<pid_t>(std::stol(result.out))));
}

TEST_CASE("groups made inside a container's group go with it", "[stage5][root]") {
    need_limits();
    const Container container = container_with_shell();
    Process runner{saying_hostname(container)};
    const std::string id = id_of(runner.read_line());
    const Words groups = groups_of(id);
    const pid_t guest = check(::fork(), "fork");
    if (guest == 0) {
        while (true) ::pause();
    }
    Child child{guest};
    for (const auto& group : groups) {
        check(::mkdir((group + "/below").c_str(), 0755), "mkdir");
        check(::mkdir((group + "/below/deeper").c_str(), 0755), "mkdir");
        write_control_file(group + "/below/deeper/cgroup.procs", std::to_string(guest));
    }
    runner.send("go\n");
    CHECK(runner.wait() == 5);
    CHECK(groups_of(id).empty());
    CHECK(child.wait() == 137);
}

TEST_CASE("remove_cgroups leaves groups that are not its own alone", "[stage5][root]") {
    need_limits();
    const auto hierarchies = find_hierarchies();
    const auto one = std::ranges::find_if(hierarchies, [](const Hierarchy& hierarchy) {
        return ::access(hierarchy.own_group.c_str(), W_OK) == 0;
    });
    REQUIRE(one != hierarchies.end());
    const std::string above = one->own_group + "/slipway";
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
