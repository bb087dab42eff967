// make doctor: a table, and whether `make run` will work.
#include "tests/classroom/classroom.hpp"

static Result doctor(const std::vector<std::string>& wrapper = {}) {
    std::vector<std::string> command = wrapper;
    command.push_back(built("tests/doctor"));
    return run(command, {.deadline = std::chrono::seconds{120}});
}

TEST_CASE("the doctor says of each need whether it is there, and how to get it", "[classroom]") {
    const Result result = doctor();
    INFO(result);
    for (const std::string what :
         {"g++", "Catch2", "pandoc", "docker", "user namespace", "AppArmor", "a container",
          "clone3", "openat2", "seccomp", "overlay", "cgroup", "port 8080", "descriptors",
          "virtual machine"}) {
        CHECK(contains(result.out, "\n  " + what));
    }
    CHECK(result.err.empty());
    // This very machine builds and runs the project.
    CHECK(contains(result.out, "\n  Catch2            yes"));
    CHECK(result.exit_code == (contains(result.out, "  NO ") ? 1 : 0));
}

TEST_CASE("where no container can start the doctor says so and ends with 1", "[classroom][root]") {
    const Result result = doctor({"unshare", "--user", "--map-root-user", "sh", "-c",
                                  "echo 0 >/proc/sys/user/max_pid_namespaces && exec \"$0\""});
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out, "  a container       NO"));
    CHECK(result.out.ends_with("make run will not work here: see NO above.\n"));
}

TEST_CASE("the doctor takes no argument", "[classroom]") {
    CHECK(run({built("tests/doctor"), "now"}).exit_code == 2);
    CHECK(run({built("tests/doctor"), "--help"}).exit_code == 0);
}
