#include "common/error.hpp"

#include <unistd.h>

#include "common/fd.hpp"
#include "common/process.hpp"
#include "tests/support/testing.hpp"

TEST_CASE("an error names the call, the object and the reason", "[common]") {
    CHECK(std::string{SystemError{ENOENT, "open", "/x"}.what()} ==
          "open /x: No such file or directory");
    CHECK(std::string{SystemError{EPERM, "clone"}.what()} == "clone: Operation not permitted");
    CHECK(std::string{SystemError{EPERM, "clone", {}, "be root"}.what()} ==
          "clone: Operation not permitted (be root)");
    CHECK(std::string{SystemError{ENOENT, "open", "a\nb\x1b[m"}.what()} ==
          "open a\\x0ab\\x1b[m: No such file or directory");
    CHECK(SystemError{EBUSY, "rmdir", "/x"}.error() == EBUSY);
}

TEST_CASE("check gives the result back, or throws with errno", "[common]") {
    CHECK(check(5, "read") == 5);
    CHECK(check(0, "read") == 0);
    errno = EIO;
    CHECK_THROWS_WITH(check(-1, "read", "disk"), "read disk: Input/output error");
    errno = ENOSYS;
    CHECK_THROWS_AS(check(-1L, "syscall"), SystemError);
}

TEST_CASE("a call that a signal interrupted is made again, another failure is not", "[common]") {
    int calls = 0;
    const int result = retry([&] {
        errno = EINTR;
        return ++calls < 3 ? -1 : 7;
    });
    CHECK(result == 7);
    CHECK(calls == 3);
    calls = 0;
    const int failed = retry([&] {
        ++calls;
        errno = EAGAIN;
        return -1;
    });
    CHECK(failed == -1);
    CHECK(calls == 1);
}

TEST_CASE("text for a terminal keeps what can be read and shows the rest as numbers", "[common]") {
    CHECK(printable("plain text, 100% \\x41") == "plain text, 100% \\x41");
    CHECK(printable("\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2") ==
          "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2");
    CHECK(printable(std::string{"\0\t\n\r\x1b\x7f", 6}) == "\\x00\\x09\\x0a\\x0d\\x1b\\x7f");
    CHECK(printable("\xc2\x80 \xc2\x9b \xc2\x9f") == "\\xc2\\x80 \\xc2\\x9b \\xc2\\x9f");  // C1
    CHECK(printable("\xc2\xa0") == "\xc2\xa0");  // the first that is none
    CHECK(printable("") == "");
}

TEST_CASE("characters that turn the direction of a text are shown as numbers", "[common]") {
    // U+202A to U+202E, U+2066 to U+2069, U+200E and U+200F.
    for (const std::string last :
         {"\x80\xaa", "\x80\xab", "\x80\xac", "\x80\xad", "\x80\xae", "\x81\xa6", "\x81\xa7",
          "\x81\xa8", "\x81\xa9", "\x80\x8e", "\x80\x8f"}) {
        const std::string shown = printable("a\xe2" + last + "z");
        CHECK(shown.starts_with("a\\xe2\\x8"));
        CHECK(shown.size() == 14);
        CHECK(shown.ends_with("z"));
    }
    CHECK(printable("\xe2\x80\xae"
                    "exe") ==
          "\\xe2\\x80\\xae"
          "exe");
    // Their neighbours, and letters that are written from right to left.
    for (const std::string good : {"\xe2\x80\x8d", "\xe2\x80\x90", "\xe2\x80\xa9", "\xe2\x80\xaf",
                                   "\xe2\x81\xa5", "\xe2\x81\xaa", "\xd7\xa9", "\xe2\x82\xae"}) {
        CHECK(printable(good) == good);
    }
}

TEST_CASE("invalid UTF-8 is shown byte by byte", "[common]") {
    CHECK(printable("\xff\xfe") == "\\xff\\xfe");
    CHECK(printable("a\x80z") == "a\\x80z");                         // nothing to continue
    CHECK(printable("\xc3") == "\\xc3");                             // cut off
    CHECK(printable("\xe2\x82") == "\\xe2\\x82");                    // cut off
    CHECK(printable("\xf0\x9f\x9a") == "\\xf0\\x9f\\x9a");           // cut off
    CHECK(printable("\xc3(") == "\\xc3(");                           // not continued
    CHECK(printable("\xe2\x82(") == "\\xe2\\x82(");                  // not continued
    CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");                    // longer than needed
    CHECK(printable("\xc1\xbf") == "\\xc1\\xbf");                    // longer than needed
    CHECK(printable("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");           // longer than needed
    CHECK(printable("\xe0\x9f\xbf") == "\\xe0\\x9f\\xbf");           // longer than needed
    CHECK(printable("\xf0\x8f\xbf\xbf") == "\\xf0\\x8f\\xbf\\xbf");  // longer than needed
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // half of a pair of UTF-16
    CHECK(printable("\xed\xbf\xbf") == "\\xed\\xbf\\xbf");           // half of a pair of UTF-16
    CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
    CHECK(printable("\xf8\x88\x80\x80\x80") == "\\xf8\\x88\\x80\\x80\\x80");
    // The neighbours of these are good.
    for (const std::string good : {"\xc2\xa1", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                   "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        CHECK(printable(good) == good);
    }
}

TEST_CASE("a failure is one line on standard error and an exit code", "[common]") {
    Pipe pipe = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        duplicate_onto(pipe.write_end.get(), STDERR_FILENO);
        ::_exit(report_failure("program", Failure{"it broke"}, 42));
    }
    pipe.write_end.close();
    CHECK(Child{pid}.wait() == 42);
    char text[100];
    const auto count = check(::read(pipe.read_end.get(), text, sizeof text), "read");
    CHECK(std::string(text, static_cast<std::size_t>(count)) == "program: it broke\n");
}
