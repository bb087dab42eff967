// Cases that misbehave, each in one way. Hidden: only the tests of the runner ask for them by name.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/testing.hpp"

TEST_CASE("victim: passes", "[.][victim]") {
    CHECK(run({probe(), "exit", "7"}).exit_code == 7);
}

TEST_CASE("victim: fails a check", "[.][victim]") {
    const Result result = run({probe(), "streams", "to out", "to err"});
    INFO(result);
    CHECK(result.exit_code == 3);
}

TEST_CASE("victim: skips", "[.][victim]") {
    skip("the moon is not full");
}

TEST_CASE("victim: crashes", "[.][victim]") {
    ::signal(SIGKILL, SIG_DFL);
    ::kill(::getpid(), SIGKILL);
}

TEST_CASE("victim: hangs", "[.][victim]") {
    Process process{{probe(), "ignore-term"}};
    CHECK(process.read_line() == "ready");
    ::signal(SIGTERM, SIG_IGN);
    while (true) ::pause();
}

TEST_CASE("victim: says ten megabytes and fails", "[.][victim]") {
    print("the first word\n");
    for (int i = 0; i < 160; ++i) print(std::string(65535, 'x') + "\n");
    print("the last word\n");
    FAIL("after all this");
}

TEST_CASE("victim: leaves a process", "[.][victim]") {
    CHECK(run({probe(), "orphan"}).exit_code == 0);
}

TEST_CASE("victim: leaves a program that it killed and did not wait for", "[.][victim]") {
    Process process{{probe(), "sleep"}};
    CHECK(process.read_line() == "ready");
    process.signal(SIGKILL);
}

TEST_CASE("victim: leaves a mount", "[.][victim]") {
    const std::string directory = temporary_directory();
    write_file(directory + "/precious", "text");
    const std::string point = temporary_directory();
    check(::mount(directory.c_str(), point.c_str(), nullptr, MS_BIND, nullptr), "mount", point);
    CHECK(file_exists(point + "/precious"));
}

TEST_CASE("victim: leaves a cgroup with a frozen process in it", "[.][victim]") {
    const std::string group = "/sys/fs/cgroup/freezer" + [] {
        const std::string text = read_file("/proc/self/cgroup");
        const auto start = text.find(":freezer:") + std::strlen(":freezer:");
        return text.substr(start, text.find('\n', start) - start);
    }();
    const Result orphan = run({probe(), "orphan"});
    check(::mkdir((group + "/left").c_str(), 0755), "mkdir", group);
    write_control_file(group + "/left/tasks", orphan.out);
    write_control_file(group + "/left/freezer.state", "FROZEN");
}

TEST_CASE("victim: covers /proc", "[.][victim]") {
    check(::mount("none", "/proc", "tmpfs", 0, nullptr), "mount", "/proc");
}

TEST_CASE("victim: waits for a file", "[.][victim]") {
    const std::string file = std::getenv("SLIPWAY_FILE");
    write_file(file.substr(0, file.rfind('/')) + "/waits", "");
    wait_until([&] { return file_exists(file); }, file);
}

TEST_CASE("victim: tells whether Python would flush", "[.][victim]") {
    CHECK(std::getenv("PYTHONUNBUFFERED") == nullptr);
}

TEST_CASE("victim: leaves a file", "[.][victim]") {
    write_file(std::string{std::getenv("TMPDIR")} + "/forgotten", "text");
    write_file(std::string{std::getenv("HOME")} + "/.history", "text");
    write_file(temporary_directory() + "/may-stay", "text");
}

TEST_CASE("victim: leaves a descriptor", "[.][victim]") {
    CHECK(::open("/dev/null", O_RDONLY | O_CLOEXEC) > 2);
}

TEST_CASE("victim: names itself", "[.][victim]") {
    print("name " + random_name() + " " + random_name() + "\n");
    FAIL("so that the output is shown");
}

TEST_CASE("victim: needs root", "[.][victim-needs][root]") {
    CHECK(is_root());
}

TEST_CASE("victim: needs an ordinary user", "[.][victim-needs][user]") {
    CHECK(!is_root());
}

TEST_CASE("victim: leaves a mount on the host", "[.][victim][serial]") {
    const std::string point = temporary_directory();
    check(::mount("none", point.c_str(), "tmpfs", 0, nullptr), "mount", point);
}
