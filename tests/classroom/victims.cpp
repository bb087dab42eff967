// Cases that ask something of program(1), for the tests of the classroom. Hidden: only those ask
// for them, by name or as the check of an exercise that the book does not have.
#include "tests/support/testing.hpp"

TEST_CASE("victim: it says hello", "[.][pupil][first][ex-1.90]") {
    hint("is anything printed at all?");
    const Result result = run({program(1)});
    INFO(result);
    CHECK(result.out == "hello\n");
}

TEST_CASE("victim: it's there, and says so at once", "[.][pupil]") {
    Process process{{program(1), "now"}};
    CHECK(process.read_line() == "ready");
}

TEST_CASE("victim: its name is said back", "[.][pupil]") {
    const std::string name = random_name();
    const Result result = run({program(1), name});
    INFO(result);
    CHECK(result.out == name + "\n");
}

TEST_CASE("victim: three faults", "[.]") {
    hint("the first");
    const Result result = run({program(1)});
    hint("the second");
    INFO(result);
    for (int i = 0; i < 10; ++i) CHECK(result.exit_code == 0);
    hint("the third");
}

TEST_CASE("victim: an exercise's check that every program passes", "[.][ex-1.91]") {
    CHECK(run({program(1)}).exit_code != 256);
}

TEST_CASE("victim: an exercise's check that asks for more", "[.][ex-1.92][ex-1.93]") {
    CHECK(run({program(1)}).out == "goodbye\n");
}

TEST_CASE("victim: a bug's check", "[.][bug-1.90]") {
    CHECK(run({program(1)}).out == "hello\n");
}
