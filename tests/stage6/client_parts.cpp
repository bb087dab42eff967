// Parts of the client that are functions of their arguments.
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/client/api_client.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/client/table.hpp"
#include "stage6-daemon-shim/core/wire/default_paths.hpp"
#include "tests/support/testing.hpp"

TEST_CASE("sizes are read as Docker reads them", "[stage6][client]") {
    CHECK(parse_bytes("4096", "-m") == 4096);
    CHECK(parse_bytes("64m", "-m") == 64 << 20);
    CHECK(parse_bytes("1.5G", "-m") == 1536LL << 20);
    CHECK(parse_bytes("2KiB", "-m") == 2048);
    CHECK(parse_bytes("10b", "-m") == 10);
    for (const char* text : {"", "m", "-1", "1x", "1mm", "1e3", "99999999999t", "1 m", "inf"}) {
        CHECK_THROWS_AS(parse_bytes(text, "-m"), UsageError);
    }
    CHECK(parse_nano_cpus("0.01", "--cpus") == 10'000'000);
    CHECK_THROWS_AS(parse_nano_cpus("two", "--cpus"), UsageError);
}

TEST_CASE("moments are read in every form that Docker takes", "[stage6][client]") {
    CHECK(parse_moment("1700000000.25", "--since") == "1700000000.25");
    CHECK(parse_moment("2023-11-14T22:13:20Z", "--since") == "1700000000");
    CHECK(parse_moment("2023-11-14T22:13:20.5Z", "--since") == "1700000000.5");
    CHECK(parse_moment("2023-11-15T00:13:20+02:00", "--since") == "1700000000");
    check(::setenv("TZ", "UTC-1", 1), "setenv");
    CHECK(parse_moment("2023-11-14T23:13:20", "--since") == "1700000000");
    CHECK(parse_moment("2023-11-14", "--since") == "1699916400");
    const auto now = [] { return std::chrono::system_clock::now().time_since_epoch(); };
    const auto before = std::chrono::floor<std::chrono::seconds>(now());
    const auto then = std::chrono::seconds{std::stol(parse_moment("1h1m1s", "--since")) + 3661};
    CHECK(then >= before);
    CHECK(then <= now());
    for (const char* text : {"", "x", "1y", "2023-11-14T22:13:20X", "2023-11-14T22:13:20+2"}) {
        CHECK_THROWS_AS(parse_moment(text, "--since"), UsageError);
    }
}

TEST_CASE("durations and sizes are shown in Docker's words", "[stage6][client]") {
    CHECK(duration_text(0) == "Less than a second");
    CHECK(duration_text(1) == "1 second");
    CHECK(duration_text(59) == "59 seconds");
    CHECK(duration_text(119) == "About a minute");
    CHECK(duration_text(120) == "2 minutes");
    CHECK(duration_text(3600) == "About an hour");
    CHECK(duration_text(3600 * 47) == "47 hours");
    CHECK(duration_text(3600 * 48) == "2 days");
    CHECK(duration_text(86400 * 14) == "2 weeks");
    CHECK(duration_text(86400 * 60) == "2 months");
    CHECK(duration_text(86400 * 730) == "2 years");
    CHECK(size_text(612) == "612B");
    CHECK(size_text(1'234'567) == "1.23MB");
    CHECK(memory_text(25'280'000'000) == "23.54GiB");
}

TEST_CASE("a table is cut to the terminal's width, and never without one", "[stage6][client]") {
    Table table{{"ID", "COMMAND", "NAME"}};
    table.add({"bbbbbbbbbbbb", "a command that is long", "é\x1b[1m"});
    CHECK(table.text(0) ==
          "ID             COMMAND                  NAME\n"
          "bbbbbbbbbbbb   a command that is long   é\\x1b[1m\n");
    CHECK(table.text(40) ==
          "ID             COMMAND          NAME\n"
          "bbbbbbbbbbbb   a command tha…   é\\x1b[1m\n");
}

TEST_CASE("whatever a name holds, it stays one part of the target", "[stage6][client]") {
    CHECK(ApiTarget{"/containers/", "a/../b?c=d&é", "/json"}.with("x", "1 2").text() ==
          "/v1.44/containers/a%2F..%2Fb%3Fc%3Dd%26%C3%A9/json?x=1%202");
}

TEST_CASE("the default socket and root are the user's own", "[stage6][client]") {
    for (const char* name : {"SLIPWAY_HOST", "SLIPWAY_ROOT", "ORCHESTRATOR_SOCKET"}) {
        check(::unsetenv(name), "unsetenv");
    }
    const std::string directory = temporary_directory();
    check(::setenv("XDG_RUNTIME_DIR", directory.c_str(), 1), "setenv");
    check(::setenv("XDG_DATA_HOME", directory.c_str(), 1), "setenv");
    const std::string socket = is_root() ? "/run/" : directory + "/";
    CHECK(default_socket("slipway") == socket + "slipway.sock");
    CHECK(default_socket("orchestrator") == socket + "orchestrator.sock");
    CHECK(default_root("slipway") == (is_root() ? "/var/lib/slipway" : directory + "/slipway"));
    check(::setenv("SLIPWAY_HOST", "unix:///x/y", 1), "setenv");
    check(::setenv("SLIPWAY_ROOT", "/r", 1), "setenv");
    CHECK(default_socket("slipway") == "/x/y");
    CHECK(default_socket("orchestrator") == socket + "orchestrator.sock");
    CHECK(default_root("orchestrator") == "/r");
    check(::setenv("SLIPWAY_HOST", "tcp://x", 1), "setenv");
    CHECK_THROWS_AS(default_socket("slipway"), UsageError);
}

TEST_CASE("a directory for the socket that others can write to is refused",
          "[stage6][client][user]") {
    check(::unsetenv("XDG_RUNTIME_DIR"), "unsetenv");
    const std::string program = random_name();
    const std::string path = "/tmp/" + program + "-" + std::to_string(::geteuid());
    CHECK(default_socket(program) == path + "/" + program + ".sock");
    check(::chmod(path.c_str(), 0770), "chmod");
    CHECK_THROWS_WITH(default_socket(program),
                      path + ": open to other users (chmod 700 it, or remove it)");
    check(::rmdir(path.c_str()), "rmdir");
    check(::symlink("/tmp", path.c_str()), "symlink");
    CHECK_THROWS_WITH(default_socket(program), path + ": not a directory; remove it");
    check(::unlink(path.c_str()), "unlink");
}
