// The exercises of chapter 4: make exercise EX=4.1 PROGRAM=path.
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "common/file.hpp"
#include "stage4-chroot/overlay_probe.hpp"
#include "tests/stage4/roots.hpp"

TEST_CASE("the way out of chroot ends where it began", "[.][ex-4.1]") {
    hint("fchdir(root); pivot_root(\".\", \".\"); umount2(\".\", MNT_DETACH); chdir(\"/\")");
    const StageContainer container{4};
    const std::string marker = temporary_directory() + "/" + random_name();
    write_file(marker, "the host's\n");
    const auto break_out = [&](const Words& options) {
        return run(container.probing({"break-out", "/bin/cat", marker}, options));
    };
    CHECK(run(container.probing({"ls", "/"})).out == "dev\nprobe\nproc\nsys\ntmp\n");
    CHECK(break_out({"--chroot"}).out == "the host's\n");
    const Result held = break_out({});
    INFO(held);
    CHECK(held.exit_code != 0);
    CHECK(held.out.empty());
}

TEST_CASE("after pivot_root no mount of the host is left", "[.][ex-4.1]") {
    hint("is the old root unmounted, with MNT_DETACH?");
    const StageContainer container{4};
    const Result result = run(container.probing({"mounts"}));
    INFO(result);
    CHECK(result.exit_code == 0);
    // Fields 4 and 5 of a line: the place in its file system, and where it is mounted.
    std::istringstream lines{result.out};
    int roots = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields{line};
        std::string field;
        for (int i = 0; i < 5; ++i) fields >> field;
        if (field == "/") ++roots;
    }
    CHECK(roots == 1);
}

TEST_CASE("a read-only root refuses, and only where it is one", "[.][ex-4.2]") {
    hint("mount_setattr on the root's own mount, without AT_RECURSIVE");
    for (const Words& way : {Words{}, Words{"--chroot"}}) {
        const StageContainer container{4};
        const auto touch = [&](const std::string& path) {
            Words options{"--read-only"};
            options.insert(options.end(), way.begin(), way.end());
            return run(container.probing({"touch", path}, options));
        };
        const Result refused = touch("/x");
        INFO(refused);
        CHECK(refused.exit_code == 1);
        CHECK(refused.err.find("Read-only file system") != std::string::npos);
        CHECK(touch("/tmp/x").exit_code == 0);
        CHECK(touch("/dev/shm/x").exit_code == 0);
        // Only in the container: the directory is as writable as ever.
        write_file(container.outside("x"), "");
        CHECK(run(container.probing({"touch", "/y"}, way)).exit_code == 0);
    }
}

TEST_CASE("a /dev with six devices, five links and nothing else", "[.][ex-4.3]") {
    hint("mknodat, and where it gives EPERM a bind of the host's own device");
    const StageContainer container{4};
    const Result result = run(container.probing({"devices"}));
    INFO(result);
    CHECK(result.out ==
          "fd link /proc/self/fd\nfull char 1:7\nmqueue directory\nnull char 1:3\n"
          "ptmx link pts/ptmx\npts directory\nrandom char 1:8\nshm directory\n"
          "stderr link /proc/self/fd/2\nstdin link /proc/self/fd/0\n"
          "stdout link /proc/self/fd/1\ntty char 5:0\nurandom char 1:9\nzero char 1:5\n");
    CHECK(run(container.probing({"stat", "/dev/null"})).out.starts_with("char 0666 "));
    CHECK(run(container.probing({"write", "/dev/null", "x"})).exit_code == 0);
    CHECK(run(container.probing({"cat", "/dev/null"})).out.empty());
}

TEST_CASE("the same /dev through a user namespace", "[.][ex-4.3]") {
    hint("there mknod is refused: open_tree(OPEN_TREE_CLONE) and move_mount the host's");
    need_user_namespaces();
    const StageContainer container{4};
    const Result result = run(container.probing({"devices"}, {"--user"}));
    INFO(result);
    CHECK(result.out.find("null char 1:3\n") != std::string::npos);
    CHECK(result.out.find("urandom char 1:9\n") != std::string::npos);
    CHECK(run(container.probing({"write", "/dev/null", "x"}, {"--user"})).exit_code == 0);
}

TEST_CASE("--tmpfs is an island that can be written to in a read-only root", "[.][ex-4.4]") {
    hint("new_file_system(\"tmpfs\", ...) attached where make_directory_in_root leads");
    const StageContainer container{4};
    make_directories(container.outside("var/cache"));
    write_file(container.outside("var/cache/old"), "");
    const auto with = [&](const Words& verb) {
        return run(container.probing(
            verb, {"--read-only", "--tmpfs", "/var/cache", "--tmpfs=/new/place"}));
    };
    CHECK(with({"ls", "/var/cache"}).out.empty());
    CHECK(with({"stat", "/var/cache"}).out.starts_with("directory 1777 "));
    CHECK(with({"touch", "/var/cache/file"}).exit_code == 0);
    CHECK(with({"touch", "/new/place/file"}).exit_code == 0);
    const Result refused = with({"touch", "/var/file"});
    INFO(refused);
    CHECK(refused.err.find("Read-only file system") != std::string::npos);
    CHECK(names_in(container.outside("var/cache")) == Words{"old"});
    CHECK(names_in(container.outside("new/place")).empty());
}

TEST_CASE("--tmpfs stays inside, whatever links the root holds", "[.][ex-4.4]") {
    hint("Links::kept_inside, as for -v");
    const StageContainer container{4};
    check(::symlink("/etc", container.outside("link").c_str()), "symlink");
    make_directories(container.outside("etc"));
    write_file(container.outside("etc/old"), "");
    const Result result = run(container.probing({"ls", "/etc"}, {"--tmpfs", "/link"}));
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.empty());
    for (const std::string bad : {"relative", "/", ""}) {
        CHECK(run(container.probing({"pid"}, {"--tmpfs", bad})).exit_code == 125);
    }
}

// A container that does `script`, says ready, and on a line of input does `then`.
static Words two_steps(const std::string& root, const std::string& script,
                       const std::string& then) {
    return in_root(root, {"sh", "-c", script + "; echo ready; read line; " + then}, {"--overlay"});
}

TEST_CASE("two containers over one image do not see each other's writes", "[.][ex-4.5]") {
    if (!can_mount_overlay(temporary_directory())) skip("this machine cannot mount an overlay");
    hint("lowerdir is the image; upperdir and workdir lie on a tmpfs of the container's own");
    const std::string image = host_root();
    const std::string release = read_file(image + "/etc/os-release");
    Process one{two_steps(image, "echo 1 > /file; rm /etc/os-release; echo ours > /etc/hosts",
                          "cat /file /etc/hosts; ls /etc/os-release")};
    Process two{two_steps(image, "mkdir /mine && echo 2 > /mine/file",
                          "cat /mine/file; ls /file; grep ^ID= /etc/os-release")};
    one.wait_for_output("ready\n");
    two.wait_for_output("ready\n");
    for (Process* process : {&one, &two}) process->send("go\n");
    CHECK(one.wait() != 0);  // ls: its os-release is gone
    CHECK(two.wait() == 0);
    CHECK(one.out() == "ready\n1\nours\n");
    CHECK(two.out() == "ready\n2\nID=slipway\n");
    CHECK(read_file(image + "/etc/os-release") == release);
    CHECK_FALSE(file_exists(image + "/file"));
    CHECK_FALSE(file_exists(image + "/mine"));
    CHECK(run(in_root(image, {"cat", "/etc/os-release"}, {"--overlay"})).out == release);
}

TEST_CASE("an image under an overlay needs no mount points and is left as it was", "[.][ex-4.5]") {
    if (!can_mount_overlay(temporary_directory())) skip("this machine cannot mount an overlay");
    hint("attach the mounts to the merged directory, not to the image");
    const StageContainer container{4};
    const Result result = run(container.probing({"ls", "/"}, {"--overlay"}));
    INFO(result);
    CHECK(result.out == "dev\nprobe\nproc\nsys\ntmp\n");
    CHECK(names_in(container.outside("")) == Words{"probe"});
    CHECK(run(container.probing({"touch", "/x"}, {"--overlay", "--read-only"})).exit_code == 1);
}

TEST_CASE("a temporary root goes with all that was made in it", "[.][ex-4.6]") {
    hint("unlinkat each entry; where that fails, open the directory of the same mount and go down");
    if (!is_root()) need_user_namespaces();
    const std::string place = temporary_directory();
    const std::string precious = temporary_directory();
    write_file(precious + "/file", "the host's\n");
    const std::string script =
        "mkdir -p /a/b/c/d; echo x > /a/b/file; chmod 0 /a/b/file /a/b /a; mkdir -m 0 /closed; "
        "ln -s " +
        precious + " /link; ln -s " + precious + "/file /other; exit 3";
    const Result result =
        run({program(4), "run", "--quiet", "-v", precious + ":/data", "--", "sh", "-c", script},
            {.environment = {"TMPDIR=" + place}});
    INFO(result);
    CHECK(result.exit_code == 3);
    CHECK(names_in(place).empty());
    CHECK(read_file(precious + "/file") == "the host's\n");
}
