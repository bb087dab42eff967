// What a container may use: the kernel's own files, and what happens at the limit.
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "stage5-cgroups/cgroup_v1.hpp"
#include "tests/stage5/groups.hpp"

static Words sleeping(const StageContainer& container, const Words& options) {
    return container.command({"/probe", "sleep"}, options);
}

TEST_CASE("without options a container may use 512 MiB and one CPU", "[stage5][root][contract]") {
    hint("the defaults are --memory 512 and --cpu 1024");
    need_limits();
    const StageContainer container{5};
    Running running{sleeping(container, {}), "ready"};
    CHECK(running.limit(kMemoryFiles) == "536870912");
    CHECK(running.cpu_quota() == "100000 100000");
    CHECK((running.limit(kPidsFiles) == "max" || running.limit(kPidsFiles) == "no such file"));
    running.end();
}

TEST_CASE("limits are what was asked for, in the kernel's own files", "[stage5][root][contract]") {
    hint("1 MiB is 1024 * 1024 bytes; the quota is N * 100000 / 1024 microseconds in each 100000");
    need_limits();
    const unsigned mebibytes = 16 + random_number(1000);
    const unsigned pids = 2 + random_number(1000);
    const StageContainer container{5};
    Running running{sleeping(container, {"--memory", std::to_string(mebibytes), "--cpu", "512",
                                         "--pids", std::to_string(pids)}),
                    "ready"};
    CHECK(running.limit(kMemoryFiles) == std::to_string(mebibytes * 1048576ull));
    CHECK(running.cpu_quota() == "50000 100000");
    CHECK(running.limit(kPidsFiles) == std::to_string(pids));
    running.end();
}

TEST_CASE("memory is limited with swap, not beside it", "[stage5][root]") {
    need_limits();
    const StageContainer container{5};
    Running running{sleeping(container, {"--memory", "64"}), "ready"};
    const Words files = {"memory.swap.max", "memory.memsw.limit_in_bytes"};
    const std::string swap = running.limit(files);
    if (swap == "no such file") skip("this kernel does not count swap");
    CHECK((swap == "0" || swap == "67108864"));
    running.end();
}

TEST_CASE("the smallest and the largest share of a CPU are taken", "[stage5][root]") {
    need_limits();
    const std::pair<unsigned, std::string> cases[] = {
        {1, "1000 100000"}, {2048, "200000 100000"}, {1048576, "102400000 100000"}};
    for (const auto& [cpu, quota] : cases) {
        Cgroup cgroup{random_name()};
        cgroup.limit_cpu(cpu);
        CHECK(cpu_quota_in(cgroup.directories()) == quota);
    }
}

TEST_CASE("a weight is the kernel's weight, or as many shares", "[stage5][root]") {
    need_limits();
    const StageContainer container{5};
    Running running{sleeping(container, {"--cpu-weight", "50"}), "ready"};
    CHECK((running.limit({"cpu.weight"}) == "50" || running.limit({"cpu.shares"}) == "512"));
    running.end();
    CHECK(shares_for_weight(1) == 10);
    CHECK(shares_for_weight(100) == 1024);
    CHECK(shares_for_weight(10000) == 102400);
}

static void need_cpuset() {
    for (const auto& one : find_hierarchies()) {
        if (one.has("cpuset") && ::access(one.own_group.c_str(), W_OK) == 0) return;
    }
    skip("no cpuset controller here");
}

TEST_CASE("a container runs on the processors of its set alone", "[stage5][root]") {
    need_cpuset();
    const StageContainer container{5};
    const Result result = run(
        container.probing({"cat", "/proc/self/status"}, {"--cpuset-cpus", "0", "--memory", "0"}));
    INFO(result);
    CHECK(result.out.find("\nCpus_allowed_list:\t0\n") != std::string::npos);
    const Result missing = run(container.probing({"pid"}, {"--cpuset-cpus", "0,8191"}));
    INFO(missing);
    CHECK(missing.exit_code == 125);
    CHECK(fault_of_message(missing.err, program_name(5), {"CPU 8191 is not among those here"}) ==
          "");
}

TEST_CASE("a limit of 0 is none", "[stage5][root]") {
    need_limits();
    const StageContainer container{5};
    const Result result = run({program(5), "run", "--memory", "0", "--cpu", "0", "--pids", "0",
                               container.outside(""), "/probe", "cat", "/proc/self/cgroup"});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.err.find("Created cgroup") == std::string::npos);
    CHECK(result.err.find("Resource limits") == std::string::npos);
}

TEST_CASE("a container makes as many processes as it may", "[stage5][root][contract]") {
    hint("pids.max counts every process in the group, the first one too");
    need_limits();
    const StageContainer container{5};
    CHECK(run(container.probing({"forks", "50"}, {"--pids", "10"})).out ==
          "9 Resource temporarily unavailable\n");
    CHECK(run(container.probing({"forks", "50"})).out == "50 ok\n");
}

TEST_CASE("a fork bomb ends by itself and leaves nothing", "[stage5][root]") {
    need_limits();
    const StageContainer container = container_with_programs({"sh"});
    const Result result = run(
        container.command({"/bin/sh", "-c", "bomb() { bomb | bomb & }; bomb"}, {"--pids", "20"}));
    INFO(result);
    CHECK_FALSE(result.timed_out);
}

// How often the kernel has held the processes of a group back since their quota was used up.
static unsigned long times_throttled(const Words& groups) {
    unsigned long most = 0;  // a hybrid machine has a file without it as well
    for (const auto& group : groups) {
        if (!file_exists(group + "/cpu.stat")) continue;
        const std::string text = read_file(group + "/cpu.stat");
        const std::string name = "nr_throttled ";
        const auto at = text.find(name);
        if (at != std::string::npos)
            most = std::max(most, std::stoul(text.substr(at + name.size())));
    }
    return most;
}

// Not measured in time, which on a busy machine is short for everybody.
TEST_CASE("who has used up its share of a CPU waits for the next period",
          "[stage5][root][contract]") {
    hint("is the command itself in the group whose cpu.max (cpu.cfs_quota_us) you write?");
    need_limits();
    // So small a share that it is used up even where many others want the processor.
    Running running{StageContainer{5}.probing({"burn"}, {"--cpu", "32"}), "ready"};
    wait_until([&] { return times_throttled(running.groups()) >= 3; },
               "nr_throttled in cpu.stat of the command's group is 3");
    running.end();
}

TEST_CASE("the limits can be read inside, and not be changed", "[stage5][root][contract]") {
    hint("is the group's file system mounted on /sys/fs/cgroup, read-only?");
    need_limits();
    const StageContainer container{5};
    const Words options{"--memory", "64", "--pids", "20"};
    Words places;  // of version 2 and of version 1
    for (const std::string place :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        const Result result = run(container.probing({"cat", place}, options));
        if (result.exit_code != 0) continue;
        CHECK(result.out == "67108864\n");
        places.push_back(place);
    }
    REQUIRE(places.size() == 1);
    const Result write = run(container.probing({"write", places[0], "1000000000"}, options));
    INFO(write);
    CHECK(write.exit_code == 1);
    CHECK(write.err.find("Read-only file system") != std::string::npos);
}

TEST_CASE("version 1 refuses more CPU than the group above has", "[stage5][root][v1][hybrid]") {
    for (auto one : find_hierarchies()) {
        if (!one.has("cpu") || ::access(one.own_group.c_str(), W_OK) != 0) continue;
        one.own_group += "/" + random_name();
        make_directories(one.own_group);
        write_cgroup_file(one.own_group, "cpu.cfs_quota_us", "10000");
        {
            Cgroup cgroup{random_name(), {one}};
            CHECK_THROWS_WITH(cgroup.limit_cpu(1024),
                              Catch::Contains("a group above it is allowed less"));
            CHECK_NOTHROW(cgroup.limit_cpu(64));
        }
        CHECK(remove_cgroups({one.own_group}).empty());
        return;
    }
    skip("no cpu controller here");
}

TEST_CASE("no more groups than a group above allows", "[stage5][root][v2]") {
    for (auto one : find_hierarchies()) {
        if (!one.has("pids") || ::access(one.own_group.c_str(), W_OK) != 0) continue;
        one.own_group += "/" + random_name();
        make_directories(one.own_group);
        write_cgroup_file(one.own_group, "cgroup.max.descendants", "0");
        {
            Cgroup cgroup{random_name(), {one}};
            CHECK_THROWS_WITH(cgroup.limit_pids(5), Catch::Contains("cgroup.max.descendants"));
        }
        CHECK(remove_cgroups({one.own_group}).empty());
        return;
    }
    skip("no pids controller here");
}
