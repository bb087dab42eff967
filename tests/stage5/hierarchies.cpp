// Finding the cgroup trees of a machine from the texts of /proc/self/mountinfo and
// /proc/self/cgroup, for machines of every kind.
#include "stage5-cgroups/hierarchies.hpp"

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

static const Hierarchy* with_controller(const std::vector<Hierarchy>& all,
                                        std::string_view controller) {
    for (const auto& one : all) {
        if (one.has(controller)) return &one;
    }
    return nullptr;
}

TEST_CASE("pure version 2: one tree, our group in it", "[stage5]") {
    const auto all = parse_hierarchies(
        "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
        "30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 "
        "rw,nsdelegate,memory_recursiveprot\n",
        "0::/user.slice/user-1000.slice/session-2.scope\n");
    REQUIRE(all.size() == 1);
    CHECK(all[0].is_v2);
    CHECK(all[0].mount_point == "/sys/fs/cgroup");
    CHECK(all[0].own_group == "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope");
    CHECK(all[0].controllers.empty());  // a file in the group tells them
}

TEST_CASE("version 1: a tree for each controller, or for two together", "[stage5]") {
    const auto all = parse_hierarchies(
        "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:10 - cgroup cgroup "
        "rw,cpu,cpuacct\n"
        "32 30 0:28 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
        "33 30 0:29 / /sys/fs/cgroup/memory rw,relatime master:3 propagate_from:2 - cgroup cgroup "
        "rw,memory\n"
        "34 30 0:30 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n",
        "12:cpuset:/sets\n5:memory:/m\n4:cpu,cpuacct:/a/b\n1:name=systemd:/init.scope\n");
    REQUIRE(all.size() == 4);
    for (const auto& one : all) CHECK_FALSE(one.is_v2);
    REQUIRE(with_controller(all, "cpu") != nullptr);
    CHECK(with_controller(all, "cpu")->own_group == "/sys/fs/cgroup/cpu,cpuacct/a/b");
    CHECK(with_controller(all, "cpuacct") == with_controller(all, "cpu"));
    CHECK(with_controller(all, "cpuset")->own_group == "/sys/fs/cgroup/cpuset/sets");
    CHECK(with_controller(all, "memory")->own_group == "/sys/fs/cgroup/memory/m");
    CHECK(with_controller(all, "mem") == nullptr);
    CHECK(with_controller(all, "pids") == nullptr);
}

TEST_CASE("hybrid: both, and our group in each", "[stage5]") {
    const auto all = parse_hierarchies(
        "33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "42 30 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
        "4:memory:/m\n0::/u\n");
    REQUIRE(all.size() == 2);
    CHECK(with_controller(all, "memory")->own_group == "/sys/fs/cgroup/memory/m");
    CHECK(all[1].is_v2);
    CHECK(all[1].own_group == "/sys/fs/cgroup/unified/u");
}

TEST_CASE("in the group at the top of a tree our directory is the mount point", "[stage5]") {
    const auto all = parse_hierarchies(
        "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        "33 30 0:29 / /memory rw - cgroup cgroup rw,memory\n",
        "1:memory:/\n0::/\n");
    REQUIRE(all.size() == 2);
    CHECK(all[0].own_group == "/sys/fs/cgroup");
    CHECK(all[1].own_group == "/memory");
}

TEST_CASE("a mount that shows a part of the tree is counted from there", "[stage5]") {
    // As inside a container without a cgroup namespace.
    const auto parse = [](const std::string& root, const std::string& own) {
        return parse_hierarchies("33 30 0:29 " + root + " /memory ro - cgroup cgroup rw,memory\n",
                                 "1:memory:" + own + "\n");
    };
    REQUIRE(parse("/docker/1", "/docker/1").size() == 1);
    CHECK(parse("/docker/1", "/docker/1")[0].own_group == "/memory");
    CHECK(parse("/docker/1", "/docker/1/x")[0].own_group == "/memory/x");
    CHECK(parse("/docker/1", "/docker/12").empty());  // a prefix of the name is no parent
    CHECK(parse("/docker/1", "/other").empty());
    CHECK(parse("/", "/../other").empty());  // above the root of our cgroup namespace
}

TEST_CASE("blanks and backslashes in paths are written as octal numbers", "[stage5]") {
    const auto all = parse_hierarchies(
        "33 30 0:29 /a\\040b /mount\\040\\134point\\011x rw - cgroup cgroup rw,memory\n",
        "1:memory:/a b/c\n");
    REQUIRE(all.size() == 1);
    CHECK(all[0].mount_point == "/mount \\point\tx");
    CHECK(all[0].own_group == "/mount \\point\tx/c");
}

TEST_CASE("a tree that is mounted twice comes once", "[stage5]") {
    const auto all = parse_hierarchies(
        "33 30 0:29 / /one rw - cgroup cgroup rw,memory\n"
        "34 30 0:29 / /two rw - cgroup cgroup rw,memory\n",
        "1:memory:/m\n");
    REQUIRE(all.size() == 1);
    CHECK(all[0].own_group == "/one/m");
}

TEST_CASE("texts that make no sense give no trees", "[stage5]") {
    CHECK(parse_hierarchies("", "").empty());
    CHECK(parse_hierarchies("30 24 0:26 / /x rw - cgroup2 cgroup2 rw\n", "").empty());
    CHECK(parse_hierarchies("", "0::/\n").empty());
    CHECK(parse_hierarchies("x\n- - -\n1 2 3 4 5 6 7 8\n1 2 3 4 5 - cgroup2\n", "0::/\n").empty());
    CHECK(parse_hierarchies("30 24 0:26 / /x rw - cgroup2 cgroup2 rw\n", "x\n::\n0:\n").empty());
}

TEST_CASE("this machine's groups are found where they are", "[stage5]") {
    for (const auto& one : find_hierarchies()) {
        INFO(one.mount_point);
        CHECK(file_exists(one.mount_point));
        CHECK(file_exists(one.own_group + "/cgroup.procs"));
    }
}
