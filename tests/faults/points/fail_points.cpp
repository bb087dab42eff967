// What the points of core/contract/fail_point.hpp do, in the programs in build/faults. The
// environment says it:
//
//     SLIPWAY_FAIL_POINT="PROGRAM:POINT:N:ACTION"   the Nth time that PROGRAM comes to POINT;
//     ACTION
//                                                   is KILL, or the name of an error, as ENOSPC
//     SLIPWAY_FAIL_POINT_ONCE=FILE                  but only as long as FILE is not there, which
//                                                   is made then
//     SLIPWAY_FAIL_POINT_LOG=FILE                   one more line "PROGRAM:POINT:N" in it each time
//
// PROGRAM --fail-points lists the points of a program, one a line; `kill` stands before those that
// cannot fail, and `fail` before the others.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"

static constexpr int kErrorMax = 200;

static FailPoint* last_point = nullptr;

FailPoint::FailPoint(const char* its_name, bool it_may_fail)
    : name{its_name}, may_fail{it_may_fail}, next{last_point} {
    last_point = this;
}

static void write_down(const std::string& place) {
    const char* const path = std::getenv("SLIPWAY_FAIL_POINT_LOG");
    if (path == nullptr) return;
    const Fd file{::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    if (file) write_all(file.get(), place + "\n", path);
}

static bool is_first() {
    const char* const path = std::getenv("SLIPWAY_FAIL_POINT_ONCE");
    return path == nullptr || Fd{::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
}

static int error_named(std::string_view name) {
    for (int number = 1; number < kErrorMax; ++number) {
        const char* known = ::strerrorname_np(number);
        if (known != nullptr && name == known) return number;
    }
    return EIO;
}

void FailPoint::reach() {
    ++count;
    const std::string place =
        std::string{::program_invocation_short_name} + ":" + name + ":" + std::to_string(count);
    write_down(place);
    const char* const order = std::getenv("SLIPWAY_FAIL_POINT");
    if (order == nullptr || !std::string_view{order}.starts_with(place + ":")) return;
    if (!is_first()) return;
    const std::string_view action = std::string_view{order}.substr(place.size() + 1);
    if (action == "KILL") ::kill(::getpid(), SIGKILL);
    throw SystemError{error_named(action), name};
}

// The program's own: -Dmain=main_of_engine (rules.mk).
int main_of_engine(int argc, char** argv);

int main(int argc, char** argv) {
    if (argc != 2 || std::strcmp(argv[1], "--fail-points") != 0) return main_of_engine(argc, argv);
    for (const FailPoint* point = last_point; point != nullptr; point = point->next) {
        print((point->may_fail ? "fail " : "kill ") + std::string{point->name} + "\n");
    }
    return 0;
}
