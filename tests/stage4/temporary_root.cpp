// The root that lives as long as one run, however that ends.
#include "stage4-chroot/temporary_root.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"
#include "tests/support/leak_check.hpp"

// A run of stage 4 or 5 on a temporary root, with a TMPDIR of its own, and in it one directory of
// the host's.
class TemporaryRun {
public:
    explicit TemporaryRun(int stage) : stage_{stage} {
        if (!is_root()) need_user_namespaces();
        options_.environment = {"TMPDIR=" + temporary_};
        options_.deadline = std::chrono::seconds{50};  // so many programs to copy
        write_file(precious_ + "/file", "precious\n");
    }

    Words command(const Words& command) const {
        Words all{program(stage_), "run", "-v", precious_ + ":/precious"};
        if (stage_ == 5) all.push_back("host");
        all.push_back("--");
        all.insert(all.end(), command.begin(), command.end());
        return all;
    }

    const RunOptions& options() const { return options_; }
    Words left() const { return names_in(temporary_); }

    // How many files and directories there are so far; what changes meanwhile may be missed.
    std::size_t files() const {
        std::error_code gone;
        std::size_t count = 0;
        std::filesystem::recursive_directory_iterator place{
            temporary_, std::filesystem::directory_options::skip_permission_denied, gone};
        for (; place != std::filesystem::end(place) && !gone; place.increment(gone)) ++count;
        return count;
    }

    void check_clean() const {
        wait_until([&] { return left().empty(); }, "the temporary root is gone");
        CHECK(read_file(precious_ + "/file") == "precious\n");
        CHECK(mounts_now() == mounts_);
    }

private:
    int stage_;
    std::string temporary_ = temporary_directory();
    std::string precious_ = temporary_directory();
    std::set<std::string> mounts_ = mounts_now();
    RunOptions options_;
};

TEST_CASE("a temporary root is gone after the command has ended", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const TemporaryRun temporary{stage};
        const Result result =
            run(temporary.command({"sh", "-c",
                                   "cat /precious/file; touch /file; mkdir -p /a/b; "
                                   "chmod 0 /a; exit 7"}),
                temporary.options());
        INFO(result);
        CHECK(result.exit_code == 7);
        CHECK(result.out == "precious\n");
        CHECK(result.err.find("Setting up root filesystem at ") != std::string::npos);
        CHECK(temporary.left().empty());  // at once, not some time later
        temporary.check_clean();
    }
}

TEST_CASE("a temporary root is gone after an error", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const TemporaryRun temporary{stage};
        CHECK(run(temporary.command({"/no/such/program"}), temporary.options()).exit_code == 127);
        CHECK(temporary.left().empty());
        temporary.check_clean();
    }
}

TEST_CASE("a temporary root is gone after Ctrl-C, SIGTERM and SIGKILL", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
            const TemporaryRun temporary{stage};
            Process runner{temporary.command({"sh", "-c", "echo ready; exec sleep 1000"}),
                           temporary.options()};
            runner.wait_for_output("ready");
            CHECK(temporary.left().size() == 1);
            runner.signal(signal);
            CHECK(runner.wait() == 128 + signal);
            temporary.check_clean();
        }
    }
}

TEST_CASE("a temporary root is gone though its container was busy filling it", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const TemporaryRun temporary{stage};
        const std::string script =
            "echo ready; i=0; while :; do i=$((i+1)); mkdir /d$i; : > /d$i/f; done";
        Process runner{temporary.command({"sh", "-c", script}), temporary.options()};
        runner.wait_for_output("ready");
        runner.signal(SIGKILL);
        CHECK(runner.wait() == 137);
        temporary.check_clean();
    }
}

TEST_CASE("killed at any moment of its start, a run leaves nothing", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        for (int i = 0; i < 8; ++i) {
            const TemporaryRun temporary{stage};
            Process runner{temporary.command({"sh", "-c", "echo ready; exec sleep 1000"}),
                           temporary.options()};
            const std::size_t files = random_number(100);
            wait_until(
                [&] {
                    return temporary.files() >= files ||
                           runner.out().find("ready") != std::string::npos;
                },
                "so much of the root is there");
            runner.signal(SIGKILL);
            CHECK(runner.wait() == 137);
            temporary.check_clean();
        }
    }
}

TEST_CASE("temporary roots of runs at the same time do not meet", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const TemporaryRun temporary{stage};
        const Words command = temporary.command({"sh", "-c", "echo ready; read line; ls /"});
        Process first{command, temporary.options()};
        Process second{command, temporary.options()};
        first.wait_for_output("ready");
        second.wait_for_output("ready");
        CHECK(temporary.left().size() == 2);
        first.send("go\n");
        CHECK(first.wait() == 0);
        CHECK(temporary.left().size() == 1);
        second.send("go\n");
        CHECK(second.wait() == 0);
        CHECK(second.out().find("precious\n") != std::string::npos);
        temporary.check_clean();
    }
}

TEST_CASE("remove_tree removes links and not what they lead to", "[stage4]") {
    const std::string place = temporary_directory();
    const std::string precious = place + "/precious";
    const std::string tree = place + "/tree";
    make_directories(precious);
    make_directories(tree + "/a/b/c");
    write_file(precious + "/file", "");
    write_file(tree + "/a/file", "");
    for (const auto& link : {tree + "/link", tree + "/a/b/link"}) {
        check(::symlink(precious.c_str(), link.c_str()), "symlink");
    }
    check(::mkfifo((tree + "/fifo").c_str(), 0600), "mkfifo");
    check(::chmod((tree + "/a/b").c_str(), 0), "chmod");
    CHECK(remove_tree(tree));
    CHECK_FALSE(file_exists(tree));
    CHECK(file_exists(precious + "/file"));

    check(::symlink(precious.c_str(), tree.c_str()), "symlink");
    CHECK_FALSE(remove_tree(tree));  // a link in the tree's own place
    CHECK(file_exists(precious + "/file"));
    CHECK(remove_tree(place + "/never/was"));
}

TEST_CASE("remove_tree stops at a mount", "[stage4][root]") {
    const std::string place = temporary_directory();
    const std::string precious = place + "/precious";
    const std::string tree = place + "/tree";
    make_directories(precious + "/below");
    make_directories(tree + "/a/mount");
    write_file(precious + "/below/file", "");
    const std::string mount_point = tree + "/a/mount";
    check(::mount(precious.c_str(), mount_point.c_str(), nullptr, MS_BIND, nullptr), "mount");
    CHECK_FALSE(remove_tree(tree));
    CHECK(file_exists(precious + "/below/file"));
    check(::umount(mount_point.c_str()), "umount");
    CHECK(remove_tree(tree));
}

TEST_CASE("a tree that is still in use is removed as soon as it can be", "[stage4][root]") {
    const std::string tree = temporary_directory() + "/tree";
    make_directories(tree + "/mount");
    write_file(tree + "/file", "");
    check(::mount("none", (tree + "/mount").c_str(), "tmpfs", 0, nullptr), "mount");
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) ::_exit(remove_tree_of_dying(tree) ? 0 : 1);
    Child remover{pid};
    wait_until([&] { return !file_exists(tree + "/file"); }, "it has tried once");
    // Detached: at this moment the remover may stand in its next try, and hold the mount.
    check(::umount2((tree + "/mount").c_str(), MNT_DETACH), "umount");
    CHECK(remover.wait() == 0);
    CHECK_FALSE(file_exists(tree));
}

TEST_CASE("without a PID namespace nothing is left of a command that had a root", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const StageContainer container{stage};
        for (const Words& options :
             {Words{"--share", "pid"}, Words{"--only", "mnt"}, Words{"--share", "pid", "--init"}}) {
            const Result result = run(container.probing({"orphan"}, options));
            INFO(result);
            CHECK(result.exit_code == 0);
            CHECK_FALSE(is_alive(static_cast<pid_t>(std::stol(result.out))));
        }
    }
}

TEST_CASE("what ends the orphans of a command spares the janitor", "[stage4]") {
    if (!is_root()) need_user_namespaces();
    const std::string temporary = temporary_directory();
    const Result result = run({program(4), "run", "--quiet", "--share", "pid", "-v",
                               probe() + ":/probe", "--", "/probe", "orphan"},
                              {.environment = {"TMPDIR=" + temporary}});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    CHECK_FALSE(is_alive(static_cast<pid_t>(std::stol(result.out))));
    CHECK(names_in(temporary).empty());
}
