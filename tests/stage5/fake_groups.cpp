// What a machine of another kind would do, played by plain directories: rules of delegation, a
// freezer that never freezes, groups that never empty, statistics of both versions.
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "stage5-cgroups/cgroup_names.hpp"
#include "stage5-cgroups/delegation.hpp"
#include "stage5-cgroups/freezer.hpp"
#include "stage5-cgroups/statistics.hpp"
#include "tests/stage3/container.hpp"

// A directory that holds these files.
static std::string fake_group(const std::vector<std::pair<std::string, std::string>>& files) {
    const std::string group = temporary_directory();
    for (const auto& [name, text] : files) {
        const auto slash = name.rfind('/');
        if (slash != std::string::npos) make_directories(group + "/" + name.substr(0, slash));
        write_file(group + "/" + name, text);
    }
    return group;
}

static std::string content(const std::string& group, const std::string& file) {
    return read_file(group + "/" + file);
}

TEST_CASE("the top of the tree divides though it holds processes", "[stage5]") {
    const std::string group = fake_group({{"cgroup.procs", "1\n2\n"},
                                          {"cgroup.subtree_control", ""},
                                          {"slipway/cgroup.type", "domain\n"},
                                          {"slipway/cgroup.procs", ""},
                                          {"slipway/cgroup.subtree_control", ""}});
    divide(group, "memory");
    CHECK(content(group, "cgroup.subtree_control") == "+memory");
    CHECK(content(group, "slipway/cgroup.subtree_control") == "+memory");
}

TEST_CASE("a controller that is handed down already is not asked for again", "[stage5]") {
    const std::string group = fake_group({{"cgroup.type", "domain\n"},
                                          {"cgroup.procs", "1\n"},
                                          {"cgroup.subtree_control", "cpuset memory\n"},
                                          {"slipway/cgroup.type", "domain\n"},
                                          {"slipway/cgroup.subtree_control", "memory pids\n"}});
    divide(group, "memory");
    CHECK(content(group, "cgroup.subtree_control") == "cpuset memory\n");
    CHECK_THROWS_AS(divide(group, "cpu"), Failure);  // a prefix of cpuset is not cpuset
}

TEST_CASE("who lives alone in a group moves into a leaf, and back", "[stage5]") {
    const std::string own = std::to_string(::getpid()) + "\n";
    const std::string group = fake_group({{"cgroup.type", "domain\n"},
                                          {"cgroup.procs", own},
                                          {"cgroup.subtree_control", ""},
                                          {"slipway/cgroup.type", "domain\n"},
                                          {"slipway/cgroup.procs", ""},
                                          {"slipway/cgroup.subtree_control", ""},
                                          {"slipway-leaf/cgroup.procs", ""}});
    divide(group, "pids");
    CHECK(content(group, "slipway-leaf/cgroup.procs") == std::to_string(::getpid()));
    CHECK(content(group, "cgroup.subtree_control") == "+pids");

    write_file(group + "/cgroup.procs", "");
    write_file(group + "/cgroup.subtree_control", "pids\n");
    leave_leaf(group);
    CHECK(content(group, "cgroup.procs") == std::to_string(::getpid()));
    CHECK(content(group, "cgroup.subtree_control").starts_with("-pids"));
}

TEST_CASE("who lives with others does not move, and they are named", "[stage5]") {
    const std::string group = fake_group({{"cgroup.type", "domain\n"},
                                          {"cgroup.procs", std::to_string(::getpid()) + "\n1\n0\n"},
                                          {"cgroup.subtree_control", ""}});
    CHECK_THROWS_WITH(divide(group, "memory"),
                      Catch::Contains("other processes live in it (1, 0)"));
    CHECK_FALSE(file_exists(group + "/slipway-leaf"));
    // Another's container is still running below: its runner goes last.
    make_directories(group + "/slipway-leaf");
    write_file(group + "/slipway-leaf/cgroup.procs", "1\n");
    leave_leaf(group);
    CHECK(file_exists(group + "/slipway-leaf"));
}

TEST_CASE("groups are made where they can be divided", "[stage5]") {
    const std::string top = fake_group({{"cgroup.controllers", "cpu memory pids\n"},
                                        {"a/cgroup.controllers", "memory\n"},
                                        {"a/cgroup.type", "domain\n"},
                                        {"a/cgroup.procs", std::to_string(::getpid()) + "\n"}});
    const auto place = [&](const std::string& own) {
        Hierarchy hierarchy{true, top, top + own, {}};
        choose_place(hierarchy);
        return hierarchy;
    };
    CHECK(place("").own_group == top);
    CHECK(place("/a").own_group == top + "/a");
    CHECK(place("/a").controllers == Words{"memory"});
    CHECK(place("/a/slipway-leaf").own_group == top + "/a/slipway-leaf");  // it is not there
    make_directories(top + "/a/slipway-leaf");
    CHECK(place("/a/slipway-leaf").own_group == top + "/a");
    write_file(top + "/a/cgroup.procs", "1\n");  // somebody else
    CHECK(place("/a").own_group == top);
    CHECK(place("/a").controllers == Words{"cpu", "memory", "pids"});
    write_file(top + "/a/cgroup.procs", "");
    write_file(top + "/a/cgroup.type", "domain threaded\n");
    CHECK(place("/a").own_group == top);
    write_file(top + "/a/cgroup.controllers", "");  // nothing to hand down: no rule to keep
    CHECK(place("/a").own_group == top + "/a");
}

TEST_CASE("a freezer that does not freeze is let go at the deadline", "[stage5]") {
    const std::string v1 = fake_group({{"freezer.state", ""}});
    CHECK_THROWS_WITH(freeze_all_in({v1}, std::chrono::milliseconds{20}),
                      Catch::Contains("does not stand still"));
    CHECK(content(v1, "freezer.state").starts_with("THAWED"));
    const std::string v2 =
        fake_group({{"cgroup.freeze", "0\n"}, {"cgroup.events", "populated 1\nfrozen 0\n"}});
    CHECK_THROWS_AS(freeze_all_in({v2}, std::chrono::milliseconds{20}), Failure);
    CHECK(content(v2, "cgroup.freeze").starts_with("0"));
}

TEST_CASE("freezing is over when the kernel says so", "[stage5]") {
    const std::string group =
        fake_group({{"cgroup.freeze", "0\n"}, {"cgroup.events", "populated 1\nfrozen 1\n"}});
    CHECK(freeze_all_in({group, "/no/such/group"}));
    CHECK(content(group, "cgroup.freeze").starts_with("1"));
    thaw_all_in({group, "/no/such/group"});
    CHECK(content(group, "cgroup.freeze").starts_with("0"));
    CHECK_FALSE(freeze_all_in({fake_group({{"memory.max", "1"}})}));
}

TEST_CASE("a group that does not empty is left after a while, and said why", "[stage5]") {
    const std::string group = fake_group({{"slipway/x/memory.max", "1"}}) + "/slipway/x";
    CHECK(remove_cgroups({group}, std::chrono::milliseconds{20}) == Words{group});
    CHECK(text_of_left(group) == "cgroup " + group + " cannot be removed");
    write_file(group + "/cgroup.procs", "4194303\n4194302\n");
    CHECK(text_of_left(group) == "cgroup " + group + " still has processes: 4194303, 4194302");
}

TEST_CASE("statistics are read under the names of either version", "[stage5]") {
    const std::string v2 = fake_group({{"memory.peak", "65011712\n"},
                                       {"memory.events", "low 0\noom 2\noom_kill 1\n"},
                                       {"cpu.stat", "usage_usec 1500\nthrottled_usec 200\n"}});
    const Statistics two = read_statistics({"/no/such/group", v2});
    CHECK(two.memory_peak_bytes == 65011712u);
    CHECK(two.cpu_microseconds == 1500u);
    CHECK(two.throttled_microseconds == 200u);
    CHECK(two.out_of_memory_kills == 1u);
    const std::string memory = fake_group({{"memory.max_usage_in_bytes", "4096\n"},
                                           {"memory.oom_control", "under_oom 0\noom_kill 3\n"}});
    const std::string cpu = fake_group(
        {{"cpu.stat", "nr_periods 1\nthrottled_time 7000000\n"}, {"cpuacct.usage", "9000000\n"}});
    const Statistics one = read_statistics({memory, cpu});
    CHECK(one.memory_peak_bytes == 4096u);
    CHECK(one.cpu_microseconds == 9000u);
    CHECK(one.throttled_microseconds == 7000u);
    CHECK(one.out_of_memory_kills == 3u);
}

TEST_CASE("statistics of a group that is gone, or makes no sense, are absent", "[stage5]") {
    for (const auto& group :
         {std::string{"/no/such/group"},
          fake_group(
              {{"memory.peak", "lots\n"}, {"memory.events", "oom_kill"}, {"cpu.stat", "\n"}})}) {
        const Statistics none = read_statistics({group});
        CHECK_FALSE(none.memory_peak_bytes);
        CHECK_FALSE(none.cpu_microseconds);
        CHECK_FALSE(none.throttled_microseconds);
        CHECK_FALSE(none.out_of_memory_kills);
    }
    CHECK_FALSE(read_statistics({}).memory_peak_bytes);
}

TEST_CASE("the table has what was used beside what is allowed", "[stage5]") {
    Limits limits;
    limits.memory_bytes = 64u << 20;
    limits.cpu = 512;
    CHECK(statistics_table({65011713, 1234567, 500, 0}, limits) ==
          "            used        allowed\n"
          "memory      62.0 MiB    64 MiB\n"
          "CPU time    1.235 s     0.50 CPU\n"
          "throttled   0.001 s");
    limits.memory_bytes = 0;
    limits.cpu = 0;
    CHECK(statistics_table({}, limits) ==
          "            used        allowed\n"
          "memory      -           no limit\n"
          "CPU time    -           no limit\n"
          "throttled   -");
}

TEST_CASE("only a counted kill is called want of memory", "[stage5]") {
    Limits limits;
    limits.memory_bytes = 64u << 20;
    Statistics statistics;
    CHECK(out_of_memory_notice(statistics, limits, 137).empty());
    statistics.out_of_memory_kills = 0;
    CHECK(out_of_memory_notice(statistics, limits, 137).empty());
    statistics.out_of_memory_kills = 1;
    CHECK(out_of_memory_notice(statistics, limits, 137) == "killed: out of memory, limit 64 MiB");
    CHECK(out_of_memory_notice(statistics, limits, 0).empty());
    limits.memory_bytes = 0;
    CHECK_THAT(out_of_memory_notice(statistics, limits, 137),
               Catch::Contains("not the container's own"));
}

TEST_CASE("a group's name leads nowhere else", "[stage5]") {
    for (const std::string bad :
         {"", ".", "..", "../x", "a/b", "/", "a\nb", "-a", ".a", "a b", "\xc3\xa4"}) {
        INFO(bad);
        CHECK_THROWS_AS(checked_cgroup_name(bad), Failure);
    }
    CHECK_THROWS_AS(checked_cgroup_name(std::string(65, 'a')), Failure);
    CHECK(checked_cgroup_name(std::string(64, 'a')).size() == 64);
    CHECK(checked_cgroup_name("a.b-c_9") == "a.b-c_9");
}

TEST_CASE("what the kernel means is said where its words mislead", "[stage5]") {
    CHECK_FALSE(hint_for_cgroup_file("memory.max", EBUSY).empty());
    CHECK_FALSE(hint_for_cgroup_file("cpu.cfs_quota_us", EINVAL).empty());
    CHECK_FALSE(hint_for_cgroup_file("cgroup.subtree_control", EBUSY).empty());
    CHECK(hint_for_cgroup_file("pids.max", EINVAL).empty());
    CHECK_FALSE(hint_for_new_cgroup(EAGAIN).empty());
    CHECK(hint_for_new_cgroup(EACCES).empty());
    Hierarchy delegated{
        .is_v2 = true, .mount_point = "/t", .own_group = "/t/a", .controllers = {"pids"}};
    CHECK_THAT(no_such_controller("cpu", {delegated}).what(),
               Catch::Contains("no cpu controller was handed down to the group /t/a"));
    delegated.controllers.clear();
    CHECK_THAT(no_such_controller("cpu", {delegated}).what(),
               Catch::Contains("this machine has no cpu"));
}
