// Roots that others made: an Alpine-shaped one, one out of a tarball.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "common/file.hpp"
#include "stage4-chroot/copy_program.hpp"
#include "stage4-chroot/elf_dependencies.hpp"
#include "tests/stage4/roots.hpp"

// One program for all commands, each command a link with an absolute target, no merged /usr: the
// shape of Alpine's minirootfs.
static std::string busybox_root() {
    if (!is_root()) need_user_namespaces();
    const auto busybox = find_program("busybox");
    if (!busybox) skip("no busybox on this machine (apt-get install busybox-static)");
    const std::string root = temporary_directory();
    for (const std::string place : {"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/lib", "/etc",
                                    "/home", "/root", "/proc", "/sys", "/dev", "/tmp", "/run"}) {
        make_directories(root + place);
    }
    std::filesystem::copy_file(*busybox, root + "/bin/busybox");
    for (const auto& library : elf_dependencies(*busybox)) {
        make_directories(root + library.substr(0, library.rfind('/')));
        std::filesystem::copy_file(library, root + library);
    }
    std::istringstream applets{run({*busybox, "--list-full"}).out};
    for (std::string applet; std::getline(applets, applet);) {
        const std::string place = root + "/" + applet;
        if (file_exists(place)) continue;
        make_directories(place.substr(0, place.rfind('/')));
        check(::symlink("/bin/busybox", place.c_str()), "symlink", place);
    }
    write_file(root + "/etc/os-release", "ID=alpine\nPRETTY_NAME=\"Alpine Linux v3.18\"\n");
    write_file(root + "/etc/passwd", "root:x:0:0:root:/root:/bin/ash\n");
    return root;
}

// What the articles type inside, and what they say it shows.
static void check_article_commands(const std::string& root) {
    const auto output = [&](const std::string& script) {
        const Result result = run(in_root(root, {"sh", "-c", script}));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.err.empty());
        return result.out;
    };
    CHECK(output("hostname") == "container\n");
    CHECK(output("echo $$") == "1\n");
    CHECK(output("cat /etc/os-release").find("Alpine Linux") != std::string::npos);
    CHECK(output("ls /").find("proc\n") != std::string::npos);
    CHECK(output("ps aux").find("ps aux") != std::string::npos);
    CHECK(output("ip addr").find("lo") != std::string::npos);
    CHECK(output("dd if=/dev/zero of=/dev/null bs=1M count=20 2>&1").find("20+0 records out") !=
          std::string::npos);
    CHECK(output("mount").find(" on /proc type proc") != std::string::npos);
    CHECK(output("df /tmp >/dev/null; id -u") == "0\n");
    CHECK(output("echo hello from container") == "hello from container\n");
}

TEST_CASE("a root in the shape of Alpine's runs what the articles type in it", "[stage4]") {
    check_article_commands(busybox_root());
}

TEST_CASE("a root out of a tarball runs, as the articles unpack one", "[stage4]") {
    const std::string original = busybox_root();
    const std::string place = temporary_directory();
    check(::mkdir((place + "/alpine_rootfs").c_str(), 0755), "mkdir");
    const std::string tarball = place + "/minirootfs.tar.gz";
    REQUIRE(run({"tar", "-czf", tarball, "-C", original, "."}).exit_code == 0);
    REQUIRE(run({"tar", "-xzf", tarball, "-C", place + "/alpine_rootfs"}).exit_code == 0);
    check_article_commands(place + "/alpine_rootfs");
    const Result result = run(
        {program(4), "run", "--quiet", "--rootfs", "alpine_rootfs", "sh", "-c", "echo relative"},
        {.directory = place});
    INFO(result);
    CHECK(result.out == "relative\n");
}

TEST_CASE("such a root runs read-only, and for two containers at once", "[stage4]") {
    const std::string root = busybox_root();
    Process first{in_root(root, {"sh", "-c", "echo ready; read line; hostname"},
                          {"--read-only", "--hostname", "one"})};
    Process second{in_root(root, {"sh", "-c", "echo ready; read line; hostname"},
                           {"--read-only", "--hostname", "two"})};
    first.wait_for_output("ready\n");
    second.wait_for_output("ready\n");
    first.send("go\n");
    second.send("go\n");
    CHECK(first.wait() == 0);
    CHECK(second.wait() == 0);
    CHECK(first.out() == "ready\none\n");
    CHECK(second.out() == "ready\ntwo\n");
    const Result result =
        run(in_root(root, {"sh", "-c", "touch /x || touch /tmp/x"}, {"--read-only"}));
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.err.find("Read-only file system") != std::string::npos);
}
