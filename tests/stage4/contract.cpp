// What the chapter's contract promises, for any program that keeps it, in whatever language.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/file.hpp"
#include "tests/stage4/roots.hpp"
#include "tests/support/leak_check.hpp"

static bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

// Empty if the program has refused with 125 and one line that holds the word; else what is wrong.
static std::string fault_of_refusal(const Result& result, const std::string& word) {
    if (result.exit_code != 125) return "not 125 but " + std::to_string(result.exit_code);
    if (!result.out.empty()) return "it has written to stdout: " + result.out;
    return fault_of_line(result.err, {word});
}

TEST_CASE("the given directory is the root, and nothing of the host is around it",
          "[stage4][contract][first]") {
    hint("chroot or pivot_root into --rootfs DIR, then chdir(\"/\")");
    const StageContainer container{4};
    const std::string all = "dev\nprobe\nproc\nsys\ntmp\n";
    CHECK(run(container.probing({"ls", "/"})).out == all);
    hint("..: is the working directory left outside?");
    CHECK(run(container.probing({"ls", "/.."})).out == all);
    CHECK(run(container.probing({"cwd"})).out == "/\n");
    CHECK(run(container.probing({"ls", "/"}, {"--chroot"})).out == all);
}

TEST_CASE("what is written to / lands in the given directory", "[stage4][contract]") {
    hint("is the root mounted read-only without --read-only?");
    const StageContainer container{4};
    const std::string text = random_name();
    REQUIRE(run(container.probing({"write", "/file", text})).exit_code == 0);
    CHECK(read_file(container.outside("file")) == text + "\n");
}

TEST_CASE("a root has the /proc of its own processes", "[stage4][contract]") {
    hint("mount a new proc inside the root, from within the new PID namespace");
    const StageContainer container{4};
    CHECK(run(container.probing({"pid"})).out == "1\n");
    CHECK(run(container.probing({"cat", "/proc/1/comm"})).out == "probe\n");
    CHECK_FALSE(has_line(run(container.probing({"ls", "/proc"})).out, std::to_string(::getpid())));
    hint("are the mounts made in the caller's mount namespace?");
    CHECK(names_in(container.outside("proc")).empty());
}

TEST_CASE("a root has the devices that programs need, and no disk", "[stage4][contract]") {
    hint("make null, zero, full, random, urandom and tty on a tmpfs; never mount devtmpfs");
    const StageContainer container{4};
    const Result result = run(container.probing({"devices"}));
    INFO(result);
    for (const std::string device : {"null char 1:3", "zero char 1:5", "full char 1:7",
                                     "random char 1:8", "urandom char 1:9", "tty char 5:0"}) {
        CHECK(has_line(result.out, device));
    }
    CHECK(result.out.find(" block ") == std::string::npos);
    hint("umask(0) before mknod, or chmod after it");
    CHECK(run(container.probing({"stat", "/dev/null"})).out.starts_with("char 0666 "));
    CHECK(run(container.probing({"write", "/dev/null", "x"})).exit_code == 0);
}

TEST_CASE("/tmp is empty and can be written to, /sys cannot", "[stage4][contract]") {
    hint("a tmpfs with mode 1777 on /tmp; sysfs with MS_RDONLY on /sys");
    const StageContainer container{4};
    REQUIRE(::mkdir(container.outside("tmp").c_str(), 0755) == 0);
    write_file(container.outside("tmp/old"), "");
    CHECK(run(container.probing({"ls", "/tmp"})).out.empty());
    CHECK(run(container.probing({"touch", "/tmp/file"})).exit_code == 0);
    CHECK(run(container.probing({"ls", "/sys/class/net"})).out == "lo\n");
    const Result refused = run(container.probing({"touch", "/sys/file"}));
    INFO(refused);
    CHECK(refused.err.find("Read-only file system") != std::string::npos);
}

TEST_CASE("-v shows a directory of the host, and :ro shows it read-only", "[stage4][contract]") {
    hint("bind mount it before the root is entered; for :ro remount it or use mount_setattr");
    const StageContainer container{4};
    const std::string source = temporary_directory();
    write_file(source + "/file", "hello\n");
    const auto with = [&](const std::string& mode, const Words& verb) {
        return run(container.probing(verb, {"-v", source + ":/new/place" + mode}));
    };
    CHECK(with("", {"cat", "/new/place/file"}).out == "hello\n");
    CHECK(with("", {"touch", "/new/place/mine"}).exit_code == 0);
    CHECK(with(":ro", {"cat", "/new/place/file"}).out == "hello\n");
    CHECK(with(":ro", {"touch", "/new/place/not"}).exit_code == 1);
    CHECK(names_in(source) == Words{"file", "mine"});
    hint("a source that is a file needs a file to be mounted on");
    CHECK(run(container.probing({"cat", "/one"}, {"-v", source + "/file:/one"})).out == "hello\n");
}

TEST_CASE("-w chooses the directory, and one that is not there is refused", "[stage4][contract]") {
    hint("chdir after the root is entered");
    const StageContainer container{4};
    CHECK(run(container.probing({"cwd"}, {"-w", "/dev/shm"})).out == "/dev/shm\n");
    const Result refused = run(container.probing({"cwd"}, {"-w", "/no/such"}));
    INFO(refused);
    CHECK(fault_of_refusal(refused, "/no/such") == "");
}

TEST_CASE("the command's environment is PATH, HOSTNAME, HOME, TERM and what -e adds",
          "[stage4][contract]") {
    hint("execve with an environment of your own: the caller's may hold secrets");
    const StageContainer container{4};
    const Result result =
        run(container.probing({"env"}, {"-e", "A=1", "-e", "CALLER", "--hostname", "here"}),
            {.environment = {"CALLER=yes", "SECRET=1", "TERM=vt100"}});
    INFO(result);
    for (const std::string line :
         {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=here",
          "HOME=/root", "TERM=vt100", "A=1", "CALLER=yes"}) {
        CHECK(has_line(result.out, line));
    }
    CHECK(result.out.find("SECRET") == std::string::npos);
    CHECK(std::ranges::count(result.out, '\n') == 6);
}

TEST_CASE("--read-only holds for the root and not for /tmp", "[stage4][contract]") {
    hint("make the root's own mount read-only, last of all, and not the mounts inside it");
    const StageContainer container{4};
    const Result refused = run(container.probing({"touch", "/file"}, {"--read-only"}));
    INFO(refused);
    CHECK(refused.err.find("Read-only file system") != std::string::npos);
    const std::string source = temporary_directory();
    for (const std::string place : {"/tmp/file", "/dev/shm/file", "/data/file"}) {
        const Result written =
            run(container.probing({"touch", place}, {"--read-only", "-v", source + ":/data"}));
        INFO(written);
        CHECK(written.exit_code == 0);
    }
    CHECK(run(container.probing({"touch", "/file"})).exit_code == 0);
}

TEST_CASE("without a mount namespace of its own no root is entered", "[stage4][contract]") {
    hint("in the caller's mount namespace everything would be mounted for the host");
    const StageContainer container{4};
    CHECK(run(container.probing({"pid"})).out == "1\n");
    for (const Words& options :
         {Words{"--share", "mnt"}, Words{"--share", "pid,mnt"}, Words{"--only", "uts,pid"}}) {
        Words command = container.probing({"pid"}, options);
        // So that a program that does it all the same does not hide this case's own files from it.
        if (is_root()) command.insert(command.begin(), {"unshare", "--mount"});
        const Result result = run(command);
        INFO(result);
        CHECK(fault_of_refusal(result, "mnt") == "");
    }
}

TEST_CASE("nothing that is mounted in a root is seen outside", "[stage4][contract]") {
    hint("make / private (MS_REC | MS_PRIVATE) in the new mount namespace before anything else");
    const StageContainer container{4};
    const auto before = mounts_now();
    Process runner{container.probing({"sleep"})};
    runner.wait_for_output("ready");
    CHECK(mounts_now() == before);
    CHECK(names_in(container.outside("dev")).empty());
    hint("does the runner end by itself when it gets a signal (chapter 3)?");
    runner.signal(SIGTERM);
    CHECK(runner.wait() == 143);
    CHECK(mounts_now() == before);
}

TEST_CASE("a root whose mount point is a link is refused, and the host is untouched",
          "[stage4][contract]") {
    hint("openat2 with RESOLVE_IN_ROOT and RESOLVE_NO_SYMLINKS, and mount by descriptor");
    const std::string canary = temporary_directory();
    write_file(canary + "/file", "untouched\n");
    for (const std::string place : {"proc", "sys", "dev", "tmp"}) {
        const StageContainer container{4};
        CHECK(run(container.probing({"pid"})).out == "1\n");
        check(::rmdir(container.outside(place).c_str()), "rmdir", place);
        make_directories(container.outside("etc"));
        // A directory of the host; one that the host and the root have; one of the root.
        for (const std::string& target : {canary, std::string{"/etc"}, std::string{"etc"}}) {
            const std::string link = container.outside(place);
            check(::symlink(target.c_str(), link.c_str()), "symlink", place);
            const Result result = run(container.probing({"pid"}));
            INFO("the root has a link " + place + " -> " + target);
            INFO(result);
            CHECK(fault_of_refusal(result, "/" + place) == "");
            CHECK(names_in(canary) == Words{"file"});
            check(::unlink(link.c_str()), "unlink", link);
        }
    }
}

TEST_CASE("a link on the way to -v's place is followed inside the root", "[stage4][contract]") {
    hint("RESOLVE_IN_ROOT: an absolute link means the container's /, not the host's");
    const StageContainer container{4};
    const std::string source = temporary_directory();
    write_file(source + "/mine", "mine\n");
    // Both have an /etc: it is the root's that is meant.
    check(::symlink("/etc", container.outside("link").c_str()), "symlink");
    make_directories(container.outside("etc"));
    const Result result = run(container.probing({"cat", "/etc/mine"}, {"-v", source + ":/link"}));
    INFO(result);
    CHECK(result.out == "mine\n");
    CHECK_FALSE(file_exists("/etc/mine"));
}

TEST_CASE("the way out of chroot leads nowhere after pivot_root", "[stage4][contract]") {
    hint("pivot_root, then umount2(\".\", MNT_DETACH): nothing of the host may stay mounted");
    const StageContainer container{4};
    const std::string marker = temporary_directory() + "/" + random_name();
    write_file(marker, "the host's\n");
    const auto try_it = [&](const Words& options) {
        return run(container.probing({"break-out", "/bin/cat", marker}, options));
    };
    const Result out = try_it({"--chroot"});
    INFO(out);
    CHECK(out.out == "the host's\n");
    const Result held = try_it({});
    INFO(held);
    CHECK(held.exit_code != 0);
    CHECK(held.out.empty());
}

TEST_CASE("the command's exit code is the program's; 127 not found, 126 not a program",
          "[stage4][contract]") {
    hint("report the child's errno to the parent through a close-on-exec pipe");
    const StageContainer container{4};
    const std::string code = std::to_string(1 + random_number(100));
    CHECK(run(container.probing({"exit", code})).exit_code == std::stoi(code));
    CHECK(run(container.command({"/no/such"})).exit_code == 127);
    write_file(container.outside("text"), "");
    CHECK(run(container.command({"/text"})).exit_code == 126);
    const Result none = run(in_root("/no/such/root", {"/probe", "pid"}));
    INFO(none);
    CHECK(fault_of_refusal(none, "/no/such/root") == "");
}

TEST_CASE("without a root a temporary one is made, and is gone afterwards", "[stage4][contract]") {
    hint("remove it after the child has ended, whatever its exit code, and never across a mount");
    if (!is_root()) need_user_namespaces();
    const bool is_stage5 = has_images();
    const std::string temporary = temporary_directory();
    const std::string precious = temporary_directory();
    write_file(precious + "/file", "precious\n");
    Words command{program(is_stage5 ? 5 : 4), "run", "--quiet", "-v", precious + ":/precious"};
    command.push_back(is_stage5 ? "host" : "--");
    command.insert(command.end(), {"sh", "-c", "cat /precious/file; mkdir -p /a/b; exit 7"});
    const Result result = run(command, {.environment = {"TMPDIR=" + temporary}});
    INFO(result);
    CHECK(result.out == "precious\n");
    CHECK(result.exit_code == 7);
    CHECK(names_in(temporary).empty());
    CHECK(names_in(precious) == Words{"file"});
}

TEST_CASE("in the root that rootfs makes every program of the articles starts",
          "[stage4][contract]") {
    hint("PT_INTERP is needed too: the line of ldd without =>");
    const std::string root = host_root();
    for (const auto& name : kArticlePrograms) {
        if (!host_has(name)) continue;
        const Result result = run(in_root(root, {name, "--version"}));
        INFO(result);
        CHECK((result.exit_code < 125 || result.exit_code > 127));
        CHECK(result.err.find("shared libraries") == std::string::npos);
    }
    CHECK(run(in_root(root, {"bash", "-c", "echo $$; ls / >/dev/null"})).out == "1\n");
}

TEST_CASE("rootfs adds the programs that it is asked for, and names one that is nowhere",
          "[stage4][contract]") {
    hint("a program is a path, or a name along PATH");
    const std::string root = host_root({"uniq"});
    CHECK(run(in_root(root, {"bash", "-c", "printf 'a\\na\\n' | uniq"})).out == "a\n");
    if (has_images()) return;
    // In a directory that is reached by a link: the copy lies where the program really is.
    const std::string directory = temporary_directory();
    make_directories(directory + "/real");
    check(::symlink("real", (directory + "/link").c_str()), "symlink");
    make_file(directory + "/real/tool", read_file(probe()), 0755);
    const std::string kept = root + "/etc/os-release";
    write_file(kept, "mine\n");
    hint("what is in the directory already stays as it is");
    const Result added = run({program(4), "rootfs", root, directory + "/link/tool"});
    INFO(added);
    CHECK(added.exit_code == 0);
    CHECK(file_exists(root + directory + "/real/tool"));
    CHECK(read_file(kept) == "mine\n");
    hint("one that is nowhere is an error");
    const std::string name = random_name();
    const Result result = run({program(4), "rootfs", root, name});
    INFO(result);
    CHECK(fault_of_refusal(result, name) == "");
}
