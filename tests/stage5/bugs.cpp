// The checks of the bugs that are planted in stage 5 (make bug N=5.1 PROGRAM=...).
#include "common/file.hpp"
#include "tests/stage5/groups.hpp"

TEST_CASE("bug 5.1: half of 1024 parts is half a processor", "[.][bug-5.1][root]") {
    hint("cat /proc/PID/cgroup, and in that directory cpu.max or cpu.cfs_quota_us");
    need_limits();
    const StageContainer container{5};
    for (const auto& [parts, quota] : {std::pair{"512", "50000"}, std::pair{"1024", "100000"}}) {
        Running running{container.probing({"sleep"}, {"--cpu", parts}), "ready"};
        CHECK(running.cpu_quota() == std::string{quota} + " 100000");
        running.end();
    }
}

TEST_CASE("bug 5.2: a container cannot lift its own limit", "[.][bug-5.2][root]") {
    hint("/proc/self/mountinfo inside: with which flags is /sys/fs/cgroup mounted?");
    need_limits();
    const StageContainer container{5};
    const Words places{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"};
    bool is_seen = false;
    for (const auto& path : places) {
        const Result result = run(container.probing({"may-write", path}, {"--memory", "64"}));
        if (result.out.find("ENOENT") != std::string::npos) continue;
        INFO(result);
        CHECK(result.out == "EROFS\n");
        is_seen = true;
    }
    CHECK(is_seen);
}

TEST_CASE("bug 5.3: after the last container no group of ours is left", "[.][bug-5.3][root]") {
    hint("find /sys/fs/cgroup -name 'slipway*', before and after");
    need_limits();
    const StageContainer container{5};
    Running running{container.probing({"sleep"}, {"--memory", "64"}), "ready"};
    const Words groups = running.groups();
    running.end();
    REQUIRE(!groups.empty());
    for (const auto& group : groups) {
        INFO(group);
        CHECK_FALSE(file_exists(group));
        CHECK_FALSE(file_exists(group.substr(0, group.rfind('/'))));
    }
}
