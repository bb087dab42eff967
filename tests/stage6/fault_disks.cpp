// Disks that are full, fail, or may not be written to.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage3/container.hpp"
#include "tests/stage6/engine_scene.hpp"
#include "tests/stage6/shim_harness.hpp"

// A plain process that spews four million bytes, says so in a file, and waits for a line.
struct Spewer {
    static constexpr std::size_t kBytes = 4000000;

    ShimOfTest shim;
    std::string go = temporary_directory() + "/go";
    std::string spewed = temporary_directory() + "/spewed";

    Spewer() {
        Spec spec = plain_spec({"sh", "-c",
                                "read line; " + probe() + " spew " + std::to_string(kBytes) + "; " +
                                    probe() + " touch " + spewed + "; read line; echo after"});
        spec.open_stdin = true;
        shim.run(spec);
    }

    void say_go() const {
        write_all(shim.ask("stdin").descriptors.at(0).get(), "go\n", "the container's input");
    }

    void spew() const {
        say_go();
        wait_until([&] { return file_exists(spewed); }, "all of it is written");
        // Before it answers a request the shim has read what the pipe held.
        for (int i = 0; i < 2; ++i) CHECK(shim.ask("ping").text == "ok");
    }

    // The rest, which has room again; and that each byte is there, or counted among the lost.
    void check_loss(const std::string& reason) {
        say_go();
        CHECK(shim.wait().code == 0);
        check_counted(shim, kBytes, reason);
    }
};

TEST_CASE("a limit on the size of files costs bytes that are counted, and not the shim",
          "[stage6][faults]") {
    Spewer scene;
    rlimit before{};
    check(::prlimit(scene.shim.pid(), RLIMIT_FSIZE, nullptr, &before), "prlimit");
    const rlimit small{1000000, before.rlim_max};
    check(::prlimit(scene.shim.pid(), RLIMIT_FSIZE, &small, nullptr), "prlimit");
    scene.spew();
    check(::prlimit(scene.shim.pid(), RLIMIT_FSIZE, &before, nullptr), "prlimit");
    scene.check_loss("File too large");
}

TEST_CASE("a disk that fails, or a quota that is used up, costs bytes that are counted",
          "[stage6][faults]") {
    for (const auto& [error, reason] :
         {std::pair{"EIO", "Input/output error"}, std::pair{"EDQUOT", "Disk quota exceeded"}}) {
        INFO(error);
        Spewer scene;
        const std::string log = scene.shim.path() + "/log";
        Process strace{{"strace", "-o", "/dev/null", "-e", "trace=write", "-P", log, "-e",
                        std::string{"inject=write:error="} + error + ":when=3+", "-p",
                        std::to_string(scene.shim.pid())}};
        try {
            // Said when it has made the process stop, and not when it is only its tracer.
            strace.wait_for_error(" attached");
        } catch (const Failure&) {
            skip("strace cannot trace here: " + strace.err());
        }
        scene.spew();
        strace.signal(SIGINT);
        strace.wait();
        scene.check_loss(reason);
    }
}

// Puts a file system of its own in place of the daemon's root.
class RootDisk {
public:
    RootDisk(const EngineScene& scene, const char* options) : path_{scene.root()} {
        check(::mount("tmpfs", path_.c_str(), "tmpfs", 0, options), "mount", path_);
        check(::chmod(path_.c_str(), 0711), "chmod", path_);
    }
    RootDisk(const RootDisk&) = delete;
    RootDisk& operator=(const RootDisk&) = delete;
    ~RootDisk() { ::umount2(path_.c_str(), MNT_DETACH); }

    // Not a byte more.
    void fill() const {
        const std::string path = path_ + "/filler";
        const Fd file{
            check(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "open", path)};
        const std::string piece(4096, 'f');
        while (::write(file.get(), piece.data(), piece.size()) > 0) {
        }
    }
    void make_room() const { ::unlink((path_ + "/filler").c_str()); }

private:
    std::string path_;
};

TEST_CASE("on a full disk nothing is made by halves, and no exit code is lost",
          "[stage6][faults][root]") {
    EngineScene scene{"orchestrator"};
    scene.kill_daemon();
    const RootDisk disk{scene, "size=8m"};
    scene.start_daemon();
    const std::string id = scene.run_detached(
        "web", {"sh", "-c", "trap 'exit 42' TERM; echo up; while :; do sleep 0.1; done"});
    scene.wait_for_logged("web", "up");
    disk.fill();
    const Answer refused =
        scene.request("POST", "/containers/create?name=late", R"({"Image":"host","Cmd":["true"]})");
    INFO(refused);
    CHECK(refused.status == 500);
    CHECK(refused.message().find("No space left on device") != std::string::npos);
    CHECK(names_in(scene.root() + "/creating").empty());
    CHECK(scene.request("GET", "/containers/late/json").status == 404);
    // What is wished is written down first, for which there is no room: nothing has been asked yet.
    CHECK(scene.request("POST", "/containers/web/stop").status == 500);
    CHECK(scene.status("web") == "running");
    ::kill(scene.process_of(id), SIGTERM);
    wait_until([&] { return scene.status("web") == "exited"; }, "it has ended");
    CHECK(scene.exit_code("web") == 42);
    scene.restart();
    CHECK(scene.exit_code("web") == 42);
    CHECK(scene.request("DELETE", "/containers/web").status == 204);
    disk.make_room();
    scene.run_detached("late", {"sh", "-c", "exit 3"});
    CHECK(scene.wait("late") == 3);
    CHECK(scene.request("DELETE", "/containers/late").status == 204);
    scene.kill_daemon();
}

// --- the state directory ------------------------------------------------------------------------

static Result begin(const std::string& place, const std::string& root) {
    return run({built("slipwayd"), "--socket", place + "/socket", "--root", root});
}

static void check_refused(const std::string& place, const std::string& root,
                          const std::string& reason) {
    const Result refused = begin(place, root);
    INFO(refused);
    CHECK(refused.exit_code == 1);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with("slipwayd: "));
    CHECK(refused.err.find(root) != std::string::npos);
    CHECK(refused.err.ends_with(reason + "\n"));
    CHECK(refused.err.find('\n') == refused.err.size() - 1);
    CHECK_FALSE(file_exists(place + "/socket"));
}

TEST_CASE("a state directory that cannot be written to is refused in one line",
          "[stage6][faults][root]") {
    const std::string place = temporary_directory();
    const std::string root = place + "/root";
    make_directories(root);
    check(::mount(root.c_str(), root.c_str(), nullptr, MS_BIND, nullptr), "mount", root);
    const unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY;
    check(::mount(nullptr, root.c_str(), nullptr, flags, nullptr), "mount", root);
    check_refused(place, root, "Read-only file system");
    check_refused(place, root + "/deeper", "Read-only file system");
    check(::umount2(root.c_str(), 0), "umount", root);
}

TEST_CASE("a state directory of another user's is refused in one line", "[stage6][faults][root]") {
    const std::string place = temporary_directory();
    const std::string root = place + "/root";
    make_directories(root);
    check(::chown(root.c_str(), 65534, 65534), "chown", root);
    check_refused(place, root, "belongs to another user");
}

TEST_CASE("a state directory that its owner may not write to is refused in one line",
          "[stage6][faults][user]") {
    const std::string place = temporary_directory();
    const std::string root = place + "/root";
    check(::mkdir(root.c_str(), 0500), "mkdir", root);
    check_refused(place, root, "Permission denied");
}

TEST_CASE("a state directory is made with all that is missing above it", "[stage6][faults]") {
    const std::string place = temporary_directory();
    const std::string root = place + "/not/there/yet";
    Process daemon{{built("slipwayd"), "--socket", place + "/socket", "--root", root}};
    daemon.wait_for_output("listening on");
    CHECK(file_exists(root + "/containers"));
    daemon.signal(SIGTERM);
    CHECK(daemon.wait() == 0);
}

TEST_CASE("what is no container's in the state directory is left alone, and is in nobody's way",
          "[stage6][faults]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.create("web", {"true"});
    scene.kill_daemon();
    const std::string containers = scene.root() + "/containers";
    make_directories(containers + "/lost+found");
    make_directories(containers + "/" + std::string(64, 'Z'));
    make_directories(containers + "/" + std::string(63, 'a'));
    write_file(containers + "/" + std::string(64, 'b'), "a file");
    write_file(containers + "/notes.txt", "precious");
    write_file(scene.directory(id) + "/config.json.tmp", "{");
    write_file(scene.directory(id) + "/state.json.tmp", "{");
    write_file(scene.directory(id) + "/exit.1.tmp", "");
    scene.start_daemon();
    CHECK(scene.request("GET", "/containers/json?all=1").json().as_array().size() == 1);
    CHECK(scene.status("web") == "created");
    CHECK(read_file(containers + "/notes.txt") == "precious");
    for (const char* name : {"/config.json.tmp", "/state.json.tmp", "/exit.1.tmp"}) {
        CHECK_FALSE(file_exists(scene.directory(id) + name));
    }
    scene.start("web");
    CHECK(scene.wait("web") == 0);
}

TEST_CASE("a record that may not be read makes its container dead, and no other",
          "[stage6][faults][user]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.create("web", {"true"});
    scene.create("bystander", {"true"});
    scene.kill_daemon();
    check(::chmod((scene.directory(id) + "/config.json").c_str(), 0), "chmod");
    scene.start_daemon();
    CHECK(scene.status(id) == "dead");
    CHECK(scene.error(id).find("config.json: Permission denied") != std::string::npos);
    CHECK(scene.status("bystander") == "created");
    CHECK(scene.request("DELETE", "/containers/" + id + "?force=1").status == 204);
}
