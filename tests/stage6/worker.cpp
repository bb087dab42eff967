// The daemon's own binary as a worker, and what becomes of one whose daemon or whose task goes.
#include <sys/stat.h>

#include "common/file.hpp"
#include "tests/stage6/images_scene.hpp"

TEST_CASE("a worker removes a tree, also what forbids to be removed", "[stage6][worker]") {
    const std::string place = temporary_directory();
    make_directories(place + "/tree/work/work");
    write_file(place + "/tree/work/work/file", "x");
    write_file(place + "/kept", "x");
    REQUIRE(::symlink((place + "/kept").c_str(), (place + "/tree/link").c_str()) == 0);
    REQUIRE(::chmod((place + "/tree/work/work").c_str(), 0) == 0);
    const Result result = run({built("slipwayd"), "--worker", "remove-tree", place + "/tree"});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK_FALSE(file_exists(place + "/tree"));
    CHECK(file_exists(place + "/kept"));
    CHECK(run({built("slipwayd"), "--worker", "remove-tree", place + "/tree"}).exit_code == 0);
}

TEST_CASE("a worker that cannot do its job says why", "[stage6][worker]") {
    const Result unknown = run({built("slipwayd"), "--worker", "nope"});
    CHECK(unknown.exit_code == 1);
    CHECK(unknown.out == "worker: no such job: nope");
    const Result missing = run({built("slipwayd"), "--worker", "copy-tree", "/nope", "/nope2"});
    CHECK(missing.exit_code == 1);
    CHECK(missing.out == "open /nope: No such file or directory");
}

TEST_CASE("a copy of a tree has its modes, links and times", "[stage6][worker]") {
    const std::string place = temporary_directory();
    make_directories(place + "/from/dir");
    make_directories(place + "/to");
    write_file(place + "/from/dir/file", "text");
    REQUIRE(::chmod((place + "/from/dir/file").c_str(), 04711) == 0);
    REQUIRE(::link((place + "/from/dir/file").c_str(), (place + "/from/hard").c_str()) == 0);
    REQUIRE(::symlink("dir/file", (place + "/from/soft").c_str()) == 0);
    REQUIRE(::chmod((place + "/from/dir").c_str(), 0500) == 0);
    const Result result =
        run({built("slipwayd"), "--worker", "copy-tree", place + "/from", place + "/to"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    struct stat file {
    }, hard{}, directory{}, original{};
    REQUIRE(::stat((place + "/to/dir/file").c_str(), &file) == 0);
    REQUIRE(::stat((place + "/to/hard").c_str(), &hard) == 0);
    REQUIRE(::stat((place + "/to/dir").c_str(), &directory) == 0);
    REQUIRE(::stat((place + "/from/dir/file").c_str(), &original) == 0);
    CHECK((file.st_mode & 07777) == 04711);
    CHECK((directory.st_mode & 07777) == 0500);
    CHECK(file.st_ino == hard.st_ino);
    CHECK(file.st_mtim.tv_nsec == original.st_mtim.tv_nsec);
    CHECK(read_file(place + "/to/soft") == "text");
    REQUIRE(::chmod((place + "/from/dir").c_str(), 0700) == 0);
    REQUIRE(::chmod((place + "/to/dir").c_str(), 0700) == 0);
}

TEST_CASE("a worker ends with its daemon, and the next daemon clears up", "[stage6][worker]") {
    EngineScene scene;
    Talk talk{scene.socket()};
    talk.send(
        "POST /images/create?fromSrc=-&repo=half HTTP/1.1\r\nHost: docker\r\n"
        "Content-Length: 100000\r\n\r\n" +
        tar_entry({"file", '0', "text"}));
    const std::string unfinished = scene.root() + "/images/unfinished";
    wait_until([&] { return !run({"ls", unfinished}).out.empty(); }, "the import has begun");
    // Made after the directory; and until it is executed its command line is the daemon's.
    Result children;
    const auto has_begun = [&] {
        children = run({"pgrep", "-f", "-P", std::to_string(scene.pid()), "--", "--worker"});
        return children.exit_code == 0;
    };
    wait_until(has_begun, "the worker has begun");
    const pid_t worker = std::stoi(children.out);
    REQUIRE(process_exists(worker));
    scene.kill_daemon();
    wait_until([&] { return !process_exists(worker); }, "the worker has gone");
    scene.start_daemon();
    CHECK(run({"ls", unfinished}).out.empty());
}
