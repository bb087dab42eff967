// Odd roots, odd places in them, odd machines.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "common/file.hpp"
#include "tests/stage4/roots.hpp"

TEST_CASE("an empty directory is a root without programs", "[stage4]") {
    if (!is_root()) need_user_namespaces();
    const std::string root = temporary_directory();
    const Result result = run(in_root(root, {"sh"}));
    INFO(result);
    CHECK(result.exit_code == 127);
    CHECK(fault_of_message(result.err, program_name(4), {"exec sh", "No such file"}) == "");
    CHECK(names_in(root) == Words{"dev", "proc", "sys", "tmp"});
}

TEST_CASE("a program whose loader is missing is told from one that is missing", "[stage4]") {
    const StageContainer container{4};
    std::filesystem::copy_file("/bin/ls", container.outside("ls"));
    const Result result = run(container.command({"/ls"}));
    INFO(result);
    CHECK(result.exit_code == 127);
    CHECK(fault_of_message(result.err, container.name(), {"exec /ls", "loader missing"}) == "");
}

TEST_CASE("a root on a noexec mount gives 126 and the reason", "[stage4][root]") {
    const std::string place = temporary_directory();
    check(::mount("none", place.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr),
          "mount");
    std::filesystem::copy_file(probe(), place + "/probe");
    for (const Words& command : {Words{"/probe", "pid"}, Words{"probe", "pid"}}) {
        const Result result = run(in_root(place, command, {"-e", "PATH=/"}));
        INFO(result);
        CHECK(result.exit_code == 126);
        CHECK(fault_of_message(result.err, program_name(4), {"probe", "noexec"}) == "");
    }
    check(::umount(place.c_str()), "umount");
}

TEST_CASE("a root that the caller may not enter is refused", "[stage4][root]") {
    RunOptions options;
    const std::string closed = shared_temporary_directory(options) + "/closed";
    check(::mkdir(closed.c_str(), 0700), "mkdir");
    const std::string root = closed + "/root";
    check(::mkdir(root.c_str(), 0755), "mkdir");
    const Result result =
        run(as_ordinary_user({program(4), "run", "--quiet", "--rootfs", root, "true"}), options);
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(fault_of_message(result.err, program_name(4), {root, "Permission denied"}) == "");
}

TEST_CASE("a read-only root without mount points is refused, one that has them runs",
          "[stage4][root]") {
    const std::string place = temporary_directory();
    check(::mount("none", place.c_str(), "tmpfs", 0, nullptr), "mount");
    std::filesystem::copy_file(probe(), place + "/probe");
    const auto remount = [&](unsigned long flags) {
        check(::mount(nullptr, place.c_str(), nullptr, MS_REMOUNT | flags, nullptr), "remount");
    };
    remount(MS_RDONLY);
    const Result refused = run(in_root(place, {"/probe", "pid"}));
    INFO(refused);
    CHECK(refused.exit_code == 125);
    CHECK(fault_of_message(refused.err, program_name(4), {"/proc", "Read-only"}) == "");
    remount(0);
    for (const std::string name : {"/proc", "/sys", "/dev", "/tmp"}) {
        check(::mkdir((place + name).c_str(), 0755), "mkdir");
    }
    remount(MS_RDONLY);
    CHECK(run(in_root(place, {"/probe", "pid"})).out == "1\n");
    check(::umount(place.c_str()), "umount");
}

TEST_CASE("-w may be relative, to the root; too long a path is refused", "[stage4]") {
    const StageContainer container{4};
    CHECK(run(container.probing({"cwd"}, {"-w", "dev/shm"})).out == "/dev/shm\n");
    CHECK(run(container.probing({"cwd"}, {"-w", "../../.."})).out == "/\n");
    std::string deep;
    while (deep.size() < 5000) deep += "/directory";
    for (const auto& path : {deep, std::string{}}) {
        const Result result = run(container.probing({"cwd"}, {"-w", path}));
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_message(result.err, container.name(), {"chdir"}) == "");
    }
}

TEST_CASE("-v follows a link of the host's, and takes the host's / too", "[stage4]") {
    const StageContainer container{4};
    const std::string source = temporary_directory();
    write_file(source + "/file", "hello\n");
    check(::symlink("file", (source + "/link").c_str()), "symlink");
    CHECK(run(container.probing({"cat", "/x"}, {"-v", source + "/link:/x"})).out == "hello\n");
    const Result result =
        run(container.probing({"cat", "/host" + source + "/file"}, {"-v", "/:/host:ro"}));
    INFO(result);
    CHECK(result.out == "hello\n");
}

TEST_CASE("-v may not fake what /proc says", "[stage4]") {
    const std::string source = temporary_directory();
    write_file(source + "/file", "");
    for (const int stage : stages_with_roots()) {
        const StageContainer container{stage};
        check(::symlink("/proc", container.outside("link").c_str()), "symlink");
        for (const std::string destination :
             {"/proc", "/proc/1", "/proc/sys", "/dev/../proc", "/link", "/link/1"}) {
            const Result result =
                run(container.probing({"pid"}, {"-v", source + ":" + destination}));
            INFO(result);
            CHECK(result.exit_code == 125);
            // Dots go by their words, so it is the plain name that is told.
            const std::string told = destination == "/dev/../proc" ? "/proc" : destination;
            CHECK(fault_of_message(result.err, container.name(), {told, "/proc"}) == "");
        }
        const Result file = run(container.probing({"pid"}, {"-v", source + "/file:/proc/uptime"}));
        INFO(file);
        CHECK(file.exit_code == 125);
        CHECK(run(container.probing({"pid"}, {"-v", "/proc:/elsewhere"})).out == "1\n");
    }
}

TEST_CASE("a set-user-ID program of a root works, since the root is its owner's",
          "[stage4][root]") {
    const std::string root = host_root({"setpriv"});
    write_file(root + "/secret", "secret\n", 0600);
    const auto read_with_mode = [&](unsigned mode) {
        std::filesystem::copy_file(probe(), root + "/suid",
                                   std::filesystem::copy_options::overwrite_existing);
        check(::chmod((root + "/suid").c_str(), mode), "chmod");
        return run(in_root(root, {"setpriv", "--reuid", "65534", "/suid", "cat", "/secret"}));
    };
    CHECK(read_with_mode(0755).exit_code == 1);
    const Result result = read_with_mode(04755);
    INFO(result);
    CHECK(result.out == "secret\n");
}

TEST_CASE("in a chroot that is no mount point the reason is told", "[stage4][root]") {
    const std::string root = temporary_directory();
    for (const std::string place : {"/inner", "/dev", "/proc"}) make_directories(root + place);
    std::filesystem::copy_file(program(4), root + "/program");
    std::filesystem::copy_file(probe(), root + "/inner/probe");
    REQUIRE(run({probe(), "mknod", root + "/dev/null", "1", "3"}).exit_code == 0);
    const Words command{"chroot",   root,     "/program", "run", "--quiet",
                        "--rootfs", "/inner", "/probe",   "pid"};
    const Result refused = run(command);
    INFO(refused);
    CHECK(refused.exit_code == 125);
    CHECK(refused.err.find("is this inside a chroot?") != std::string::npos);
    // A mount of its own is all that it takes.
    check(::mount(root.c_str(), root.c_str(), nullptr, MS_BIND, nullptr), "mount");
    const Result result = run(command);
    INFO(result);
    CHECK(result.out == "1\n");
    check(::umount(root.c_str()), "umount");
}

TEST_CASE("a host with a thousand mounts is as good as another", "[stage4][root]") {
    const StageContainer container{4};
    const std::string place = temporary_directory();
    check(::mount("none", place.c_str(), "tmpfs", 0, nullptr), "mount");
    for (int i = 0; i < 1000; ++i) {
        const std::string directory = place + "/" + std::to_string(i);
        check(::mkdir(directory.c_str(), 0755), "mkdir");
        check(::mount(place.c_str(), directory.c_str(), nullptr, MS_BIND, nullptr), "mount");
    }
    const Result result = run(container.probing({"mounts"}));
    INFO(result.err);
    CHECK(result.exit_code == 0);
    // Nothing of them is inside: root, proc, sys, dev, pts, shm, mqueue, tmp.
    CHECK(std::ranges::count(result.out, '\n') == 8);
    check(::umount2(place.c_str(), MNT_DETACH), "umount");
}

TEST_CASE("without root a container's root can do what a user namespace allows, and no more",
          "[stage4]") {
    RunOptions options;
    const std::string place = shared_temporary_directory(options);
    if (!is_root()) need_user_namespaces();
    const std::string script =
        "id -u; touch /file && stat -c %u /file; mount -t tmpfs none /tmp && echo mounted; "
        "hostname; chown 1:1 /file; mknod /tmp/null c 1 3; kill -9 1; cat /dev/null && echo done";
    const Result result =
        run(as_ordinary_user({program(4), "run", "--quiet", "--", "sh", "-c", script}), options);
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out == "0\n0\nmounted\ncontainer\ndone\n");
    CHECK(result.err.find("chown: changing ownership of '/file': Invalid argument") !=
          std::string::npos);
    CHECK(result.err.find("mknod: /tmp/null: Operation not permitted") != std::string::npos);
}
