#include "common/fd.hpp"

#include <fcntl.h>
#include <sys/wait.h>

#include <utility>

#include "common/process.hpp"
#include "tests/support/testing.hpp"

static bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

static bool closes_on_exec(int fd) {
    return (check(::fcntl(fd, F_GETFD), "fcntl") & FD_CLOEXEC) != 0;
}

static Fd some_file() {
    return Fd{check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null")};
}

TEST_CASE("a descriptor is closed by its last owner, once", "[common]") {
    int number = -1;
    {
        const Fd file = some_file();
        number = file.get();
        CHECK(is_open(number));
    }
    CHECK_FALSE(is_open(number));
    Fd first = some_file();
    number = first.get();
    Fd second{std::move(first)};
    CHECK_FALSE(static_cast<bool>(first));  // NOLINT: what is left after a move is the question
    CHECK(second.get() == number);
    second.close();
    CHECK_FALSE(is_open(number));
    CHECK_FALSE(static_cast<bool>(second));
    second.close();  // does nothing
}

TEST_CASE("an owner that gets another descriptor closes its old one", "[common]") {
    Fd one = some_file();
    Fd two = some_file();
    const int old = one.get();
    const int kept = two.get();
    one = std::move(two);
    CHECK_FALSE(is_open(old));
    CHECK(one.get() == kept);
    CHECK(is_open(kept));
}

TEST_CASE("a released descriptor stays open", "[common]") {
    int number = -1;
    {
        Fd file = some_file();
        number = file.release();
    }
    CHECK(is_open(number));
    const Fd closes{number};
}

TEST_CASE("both ends of a pipe are close-on-exec", "[common]") {
    const Pipe pipe = make_pipe();
    CHECK(closes_on_exec(pipe.read_end.get()));
    CHECK(closes_on_exec(pipe.write_end.get()));
    REQUIRE(::write(pipe.write_end.get(), "x", 1) == 1);
    char byte = 0;
    CHECK(::read(pipe.read_end.get(), &byte, 1) == 1);
    CHECK(byte == 'x');
}

TEST_CASE("a descriptor put onto a number is kept across exec, even onto its own", "[common]") {
    const Fd file = some_file();
    const Fd place = some_file();
    duplicate_onto(file.get(), place.get());
    CHECK(closes_on_exec(file.get()));
    CHECK_FALSE(closes_on_exec(place.get()));
    duplicate_onto(file.get(), file.get());
    CHECK_FALSE(closes_on_exec(file.get()));
    CHECK_THROWS_AS(duplicate_onto(-1, place.get()), SystemError);
}

TEST_CASE("standard streams that were closed become /dev/null", "[common]") {
    // In a child, which has no other use for them.
    for (const unsigned closed : {1u, 2u, 4u, 5u, 7u}) {
        const pid_t pid = check(::fork(), "fork");
        if (pid == 0) {
            for (int fd = 0; fd <= 2; ++fd) {
                if ((closed >> fd & 1) != 0) Fd{fd}.close();
            }
            ensure_standard_streams();
            int code = 0;
            for (int fd = 0; fd <= 2; ++fd) {
                if (!is_open(fd) || closes_on_exec(fd)) code = 1;
            }
            // The next descriptor is above them: no more were opened than needed.
            if (some_file().get() <= 2) code = 2;
            ::_exit(code);
        }
        CHECK(Child{pid}.wait() == 0);
    }
}
