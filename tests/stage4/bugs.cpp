// The checks of the bugs that are planted in stage 4 (make bug N=4.1 PROGRAM=...).
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage4/roots.hpp"

TEST_CASE("bug 4.1: in a read-only root there is a place for what is short-lived", "[.][bug-4.1]") {
    hint("/proc/self/mountinfo inside: which mounts are ro, and which should be?");
    const StageContainer container{4};
    for (const std::string place : {"/tmp/x", "/dev/shm/x"}) {
        const Result result = run(container.probing({"touch", place}, {"--read-only"}));
        INFO(result);
        CHECK(result.exit_code == 0);
    }
    CHECK(run(container.probing({"touch", "/x"}, {"--read-only"})).exit_code != 0);
}

TEST_CASE("bug 4.2: what is bound read-only is so with all that is mounted in it",
          "[.][bug-4.2][root]") {
    hint("mount something below SRC, and read /proc/self/mountinfo inside");
    const StageContainer container{4};
    const std::string source = temporary_directory();
    make_directories(source + "/below");
    const std::string below = source + "/below";
    check(::mount("bug", below.c_str(), "tmpfs", 0, nullptr), "mount", below);
    const Result result =
        run(container.probing({"touch", "/data/below/x"}, {"-v", source + ":/data:ro"}));
    check(::umount2(below.c_str(), MNT_DETACH), "umount", below);
    INFO(result);
    CHECK(result.err.find("Read-only file system") != std::string::npos);
}

TEST_CASE("bug 4.3: the root is removed though the whole job was killed", "[.][bug-4.3]") {
    hint("ps -o pid,pgid,args: to whom does `kill -9 -PGID` go?");
    if (!is_root()) need_user_namespaces();
    const std::string place = temporary_directory();
    Process runner{{program(4), "run", "--quiet", "--", "sh", "-c", "echo ready; exec sleep 1000"},
                   {.environment = {"TMPDIR=" + place}}};
    runner.wait_for_output("ready");
    REQUIRE(names_in(place).size() == 1);
    check(::kill(-runner.pid(), SIGKILL), "kill");
    CHECK(runner.wait() == 137);
    wait_until([&] { return names_in(place).empty(); }, "the temporary root is gone");
}
