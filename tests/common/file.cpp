#include "common/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/process.hpp"
#include "tests/support/testing.hpp"

static mode_t mode_of(const std::string& path) {
    struct stat status {};
    check(::stat(path.c_str(), &status), "stat", path);
    return status.st_mode & 07777;
}

static int error_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const SystemError& error) {
        return error.error();
    }
    return 0;
}

TEST_CASE("what is written to a file is read from it", "[common]") {
    const std::string path = temporary_directory() + "/file";
    std::string text =
        "some\0 text"
        "\xff\n";
    for (const std::size_t size : {0u, 1u, 16383u, 16384u, 16385u, 1000000u}) {
        text.assign(size, 'x');
        write_file(path, text);
        CHECK((read_file(path) == text));
    }
    write_file(path, "short");
    CHECK(read_file(path) == "short");
    CHECK(mode_of(path) == 0644);
}

TEST_CASE("files whose size reads as 0 are read whole", "[common]") {
    CHECK(read_file("/proc/self/status").starts_with("Name:"));
}

TEST_CASE("reading stops at a limit", "[common]") {
    const std::string path = temporary_directory() + "/file";
    write_file(path, std::string(100, 'x'));
    CHECK(read_file(path, 100).size() == 100);
    CHECK_THROWS_AS(read_file(path, 99), Failure);
    CHECK_THROWS_AS(read_file("/dev/zero", 1u << 20), Failure);
}

TEST_CASE("what cannot be opened is named", "[common]") {
    const std::string path = temporary_directory() + "/no/such";
    CHECK_THROWS_WITH(read_file(path), "open " + path + ": No such file or directory");
    CHECK_THROWS_WITH(write_file(path, ""), "open " + path + ": No such file or directory");
    CHECK(error_of([] { write_all(-1, "x", "nothing"); }) == EBADF);
    const Fd full{check(::open("/dev/full", O_WRONLY | O_CLOEXEC), "open")};
    CHECK(error_of([&] { write_all(full.get(), "x", "/dev/full"); }) == ENOSPC);
}

TEST_CASE("a control file takes its value in one write, and is never created", "[common]") {
    const std::string place = temporary_directory();
    CHECK(error_of([&] { write_control_file(place + "/new", "1"); }) == ENOENT);
    CHECK_FALSE(file_exists(place + "/new"));
    const std::string path = place + "/pipe";
    check(::mkfifo(path.c_str(), 0600), "mkfifo", path);
    const Fd reader{check(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open", path)};
    write_control_file(path, "0 1000 1");
    char text[100];
    CHECK(::read(reader.get(), text, sizeof text) == 8);
    // What is there is not truncated: it is not that kind of file.
    write_file(place + "/file", "old text");
    write_control_file(place + "/file", "new");
    CHECK(read_file(place + "/file") == "new text");
}

TEST_CASE("directories are made with those on the way, and may be there already", "[common]") {
    const std::string place = temporary_directory();
    make_directories(place + "/a/b/c");
    CHECK(mode_of(place + "/a/b/c") == 0755);
    make_directories(place + "/a/b/c");
    make_directories(place + "/a//d/");
    CHECK(file_exists(place + "/a/d"));
    make_directories("/");
    write_file(place + "/file", "");
    CHECK(error_of([&] { make_directories(place + "/file"); }) == ENOTDIR);
    CHECK(error_of([&] { make_directories(place + "/file/below"); }) == ENOTDIR);
}

TEST_CASE("directories are made where we are", "[common]") {
    const std::string place = temporary_directory();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        if (::chdir(place.c_str()) != 0) ::_exit(1);
        make_directories("x/y");
        ::_exit(file_exists("x/y") ? 0 : 2);
    }
    CHECK(Child{pid}.wait() == 0);
}

TEST_CASE("text that cannot be printed is an error", "[common]") {
    const Result help = run({"sh", "-c", "exec '" + program(1) + "' --help > /dev/full"});
    INFO(help);
    CHECK(help.exit_code != 0);
    CHECK(help.err.find("standard output") != std::string::npos);
}
