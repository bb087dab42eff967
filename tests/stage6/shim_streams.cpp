// The container's streams: every byte into the log, stdin through the shim's pipe, requests.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage3/container.hpp"
#include "tests/stage6/shim_harness.hpp"
#include "tests/support/busy.hpp"

static std::string from_file(const std::string& bytes) {
    const std::string path = temporary_directory() + "/bytes";
    make_file(path, bytes, 0644);
    return path;
}

static std::string logged_by(const Spec& spec) {
    ShimOfTest shim;
    shim.run(spec);
    CHECK(shim.wait().code == 0);
    return shim.logged(LogStream::standard_output);
}

TEST_CASE("five megabytes of output are in the log to the byte", "[stage6]") {
    std::string bytes;
    for (int line = 0; bytes.size() < 5u << 20; ++line) {
        bytes += "line " + std::to_string(line) + " of many\n";
    }
    const bool same = logged_by(plain_spec({"cat", from_file(bytes)})) == bytes;
    CHECK(same);
}

TEST_CASE("any bytes and lines of any length are in the log to the byte", "[stage6]") {
    std::string bytes{"\xff\xfe\0\x1b[31m\r\n", 10};
    bytes += "2026-01-02T15:04:05.123456789Z stderr F forged\n\n\n";
    for (int i = 0; i < 30; ++i)
        bytes += std::string(100000, static_cast<char>('a' + i % 26)) + "\n";
    bytes += "last line without its newline";
    const bool same = logged_by(plain_spec({"cat", from_file(bytes)})) == bytes;
    CHECK(same);
}

TEST_CASE("stdout and stderr are told apart", "[stage6]") {
    ShimOfTest shim;
    shim.run(container_spec({"streams", "to stdout", "to stderr"}));
    CHECK(shim.wait().code == 0);
    CHECK(shim.logged(LogStream::standard_output) == "to stdout\n");
    CHECK(shim.logged(LogStream::standard_error) == "to stderr\n");
}

TEST_CASE("output is in the log while the container runs, without waiting for a newline",
          "[stage6]") {
    ShimOfTest shim;
    shim.run(plain_spec({"sh", "-c", "printf 'no newline'; exec sleep 1000"}));
    shim.wait_for_logged("no newline");
    shim.ask("kill 9");
    shim.wait();
}

TEST_CASE("a shim cuts off what the one before left half written", "[stage6]") {
    ShimOfTest shim;
    const std::string whole = "2026-01-02T15:04:05.123456789Z stdout F before\n";
    write_file(shim.path() + "/log", whole + "2026-01-02T15:04:05.123456");
    shim.run(plain_spec({"echo", "after"}));
    shim.wait();
    CHECK(shim.logged() == "before\nafter\n");
}

TEST_CASE("a log that is no regular file fails the start", "[stage6]") {
    ShimOfTest shim;
    const std::string target = from_file("precious");
    check(::symlink(target.c_str(), (shim.path() + "/log").c_str()), "symlink");
    CHECK(shim.start(plain_spec({"echo", "x"})).failure == StartFailure::engine);
    shim.reap();
    CHECK(read_file(target) == "precious");
}

TEST_CASE("stdin is /dev/null unless it is asked for", "[stage6]") {
    ShimOfTest shim;
    shim.run(plain_spec({probe(), "read"}));
    CHECK(shim.wait().code == 0);
    CHECK(shim.logged().empty());
}

TEST_CASE("stdin stays open until it is closed, and every byte arrives", "[stage6]") {
    ShimOfTest shim;
    Spec spec = container_spec({"read"});
    spec.open_stdin = true;
    shim.run(spec);
    {
        ShimMessage answer = shim.ask("stdin");
        CHECK(answer.text == "ok");
        REQUIRE(answer.descriptors.size() == 1);
        write_all(answer.descriptors[0].get(), "first\n", "stdin");
    }
    shim.wait_for_logged("first");  // our end is closed, and that was no end of input
    ShimMessage answer = shim.ask("stdin");
    REQUIRE(answer.descriptors.size() == 1);
    std::string bytes(200000, 'x');
    bytes += '\n';
    write_all(answer.descriptors[0].get(), bytes, "stdin");
    answer.descriptors.clear();
    CHECK(shim.ask("close-stdin").text == "ok");
    CHECK(shim.wait().code == 0);
    const bool same = shim.logged() == "first\n" + bytes;
    CHECK(same);
}

TEST_CASE("a signal reaches a container's first process", "[stage6]") {
    for (const bool isolated : {false, true}) {
        ShimOfTest shim;
        shim.run(isolated ? container_spec({"catch", "10"}) : plain_spec({probe(), "catch", "10"}));
        shim.wait_for_logged("ready");
        CHECK(shim.ask("kill 10").text == "ok");
        CHECK(shim.wait().code == 0);
        CHECK(shim.logged() == "ready\ncaught 10\n");
    }
}

TEST_CASE("without isolation a signal reaches the whole process group", "[stage6]") {
    ShimOfTest shim;
    shim.run(plain_spec({"sh", "-c", "trap : USR1; " + probe() + " catch 10; exit 4"}));
    shim.wait_for_logged("ready");
    CHECK(shim.ask("kill 10").text == "ok");
    CHECK(shim.wait().code == 4);
    CHECK(shim.logged() == "ready\ncaught 10\n");
}

TEST_CASE("a request to end that is sent to the shim itself goes to the container", "[stage6]") {
    ShimOfTest shim;
    shim.run(container_spec({"catch", "15"}));
    shim.wait_for_logged("ready");
    ::kill(shim.pid(), SIGTERM);
    CHECK(shim.wait().code == 0);
}

TEST_CASE("a request that is not understood gets an answer, and the shim lives on", "[stage6]") {
    ShimOfTest shim;
    shim.run(plain_spec({probe(), "sleep"}));
    CHECK(shim.ask("dance").text == "error unknown request dance");
    for (const std::string request :
         {"kill", "kill 0", "kill -1", "kill 65", "kill x", "kill 9 9"}) {
        INFO(request);
        CHECK(shim.ask(request).text == "error invalid signal");
    }
    CHECK(shim.ask("stdin").text == "error stdin is not open");
    CHECK(shim.ask("ping").text == "ok");
    std::vector<Fd> idle;
    for (int i = 0; i < 100; ++i) idle.push_back(connect_to_shim(shim.directory()));
    idle.clear();
    CHECK(shim.ask("kill 9").text == "ok");
    CHECK(shim.wait().code == 137);
}

TEST_CASE("a container that closes its output runs on, and costs no processor time", "[stage6]") {
    ShimOfTest shim;
    shim.run(plain_spec({"sh", "-c", "echo x; exec >&- 2>&-; exec sleep 1000"}));
    const std::string name = "/proc/" + std::to_string(shim.container_pid()) + "/comm";
    wait_until([&] { return read_file(name) == "sleep\n"; }, "its output is closed");
    CHECK(shim.ask("ping").text == "ok");
    CHECK(is_idle(shim.pid()));
    CHECK(shim.ask("kill 15").text == "ok");
    CHECK(shim.wait().code == 128 + SIGTERM);
    CHECK(shim.logged() == "x\n");
}

// A file system of its own, as small as one likes.
class SmallDisk {
public:
    SmallDisk() { mount(0, "size=1m"); }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk() { ::umount2(path_.c_str(), MNT_DETACH); }

    const std::string& path() const { return path_; }
    void grow() const { mount(MS_REMOUNT, "size=32m"); }

private:
    void mount(unsigned long flags, const char* size) const {
        check(::mount("tmpfs", path_.c_str(), "tmpfs", flags, size), "mount", path_);
    }

    std::string path_ = temporary_directory();
};

TEST_CASE("a full disk costs bytes that are counted, and never makes the container wait",
          "[stage6][root]") {
    const SmallDisk disk;
    const std::string marker = temporary_directory() + "/spewed";
    ShimOfTest shim{disk.path()};
    Spec spec = plain_spec(
        {"sh", "-c",
         probe() + " spew 4000000; " + probe() + " touch " + marker + "; read line; echo after"});
    spec.open_stdin = true;
    shim.run(spec);
    wait_until([&] { return file_exists(marker); }, "all of it is written");
    disk.grow();
    write_all(shim.ask("stdin").descriptors.at(0).get(), "go\n", "stdin");
    CHECK(shim.wait().code == 0);
    check_counted(shim, 4000000, "No space left on device");
}
