// The machine that make vm-shell starts: somebody types in it, and it answers.
#include "common/file.hpp"
#include "tests/support/testing.hpp"

static std::string tool(const std::string& name) {
    return source_directory() + "/tests/vm/" + name;
}

TEST_CASE("the machine for a class starts, and its root and its user have limits to set",
          "[runner][root][slow]") {
    if (!file_exists(tool("vm-run"))) skip("tests/vm is not here");
    const Result missing = run({tool("vm-run"), "--check"});
    if (missing.exit_code != 0) skip(missing.err.substr(0, missing.err.find('\n')));
    const std::string build = built("");
    RunOptions options{.input =
                           "echo $((6 * 7)) is the answer of $(id -un)\n"
                           "stage5-cgroups run --quiet --memory 64 host cat "
                           "/sys/fs/cgroup/memory.max\n"
                           "student\n"
                           "scope stage5-cgroups run --quiet --memory 32 host cat "
                           "/sys/fs/cgroup/memory.max\n"
                           "echo $((6 * 7)) is the answer of $(id -un)\n"
                           "exit\n",
                       .environment = {"TERM=dumb"},
                       .deadline = std::chrono::seconds{1000}};
    const Result result = run({tool("vm-run"), "--shell", "--memory", "1536", "--timeout", "900",
                               "--", "BUILD=" + build + " " + tool("guest-shell")},
                              options);
    INFO(result);
    CHECK(result.exit_code == 0);
    for (const char* line : {"42 is the answer of root\r\n", "67108864\r\n", "33554432\r\n",
                             "42 is the answer of student\r\n"}) {
        CHECK(result.out.find(line) != std::string::npos);
    }
}
