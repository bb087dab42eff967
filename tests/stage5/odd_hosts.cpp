// The programs of stages 3 to 5 on machines that are not as ours is.
#include <cstdlib>
#include <filesystem>

#include "common/error.hpp"
#include "tests/stage3/container.hpp"
#include "tests/support/odd_host.hpp"

TEST_CASE("containers are as ever on odd machines", "[stage5][odd]") {
    for (const OddHost& host : kOddHosts) {
        INFO(host.name);
        for (const int stage : container_stages()) {
            const StageContainer container{stage};
            const Result result = run(there(host, container.probing({"pid"})));
            INFO(result);
            CHECK(result.exit_code == 0);
            CHECK(result.out == "1\n");
            CHECK(result.err.empty());
        }
    }
}

TEST_CASE("the host's programs are in a root made under a narrow umask too", "[stage5][odd]") {
    if (!is_root()) need_user_namespaces();
    for (const int stage : stages_with_roots()) {
        std::vector<std::string> command{program(stage), "run", "--quiet", "--"};
        const std::string text = "stat -c %a / /etc /usr/bin; echo hello >/tmp/file; cat /tmp/file";
        command.insert(command.end(), {"sh", "-c", text + "; exit 3"});
        const Result result = run(there({"", "umask 077"}, command));
        INFO(result);
        CHECK(result.exit_code == 3);
        CHECK(result.out == "755\n755\n755\nhello\n");
    }
}

TEST_CASE("with no standard stream at all a command runs, and its exit code arrives",
          "[stage5][odd]") {
    if (!is_root()) need_user_namespaces();
    // Each is /dev/null then, and no other file that was opened meanwhile.
    const std::string text =
        "for number in 0 1 2; do [ -c /proc/self/fd/$number ] || exit 1; done; exit 7";
    for (const int stage : container_stages()) {
        const std::vector<std::string> command{program(stage), "run", "--quiet", "--",
                                               "sh",           "-c",  text};
        const Result result = run(there({"", "exec <&- >&- 2>&-"}, command));
        INFO(result);
        CHECK(result.exit_code == 7);
    }
}

TEST_CASE("programs, roots and volumes may lie in any path", "[stage5][odd]") {
    const std::string place = move_into_long_path();
    for (const int stage : container_stages()) {
        const std::string copy = place + "/" + program_name(stage);
        std::filesystem::copy_file(program(stage), copy);
        check(::setenv(("STAGE" + std::to_string(stage)).c_str(), copy.c_str(), 1), "setenv");
        const StageContainer container{stage};
        const Result result = run(container.probing({"pid"}));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.out == "1\n");
        if (!container.has_root()) continue;
        make_file(place + "/volume", "precious\n", 0644);
        const Result shown =
            run(container.probing({"cat", "/shown"}, {"-v", place + "/volume:/shown:ro"}));
        INFO(shown);
        CHECK(shown.out == "precious\n");
    }
}

TEST_CASE("an ordinary user who may make no user namespace is told so in one line",
          "[stage5][odd]") {
    need_user_namespaces();
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        const Result result = run(without_user_namespaces(container.probing({"pid"})));
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(result.out.empty());
        CHECK(fault_of_message(result.err, container.name(),
                               {"create the namespaces", "/proc/sys/user"}) == "");
    }
}
