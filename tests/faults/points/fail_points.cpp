// What the points of core/contract/fail_point.hpp do, in the programs in build/faults. The
// environment says it:
//
//     SLIPWAY_FAIL_POINT="PROGRAM:POINT:N:ACTION"   the Nth time that PROGRAM comes to POINT;
//     ACTION
//                                                   is KILL, or the name of an error, as ENOSPC
//     SLIPWAY_FAIL_POINT_LOG=FILE                   one more line "PROGRAM:POINT:N" in it each time
//
// N counts over all processes that write to one FILE: each daemon, each shim, and each child in
// which a shim makes a container, also where that can reach no file by its name any more.
// PROGRAM --fail-points lists the points of a program, one a line; `kill` stands before those that
// cannot fail, and `fail` before the others.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
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

// Open from the program's start to its end.
static int log_file = -1;

static void open_log() {
    const char* const path = std::getenv("SLIPWAY_FAIL_POINT_LOG");
    if (path == nullptr) return;
    log_file = check(::open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600), "open", path);
}

// Returns N.
static std::size_t write_down(const std::string& point) {
    if (log_file == -1) return 0;
    while (::flock(log_file, LOCK_EX) == -1) {
    }
    std::string lines = "\n";
    char piece[4096];
    for (off_t at = 0; true;) {
        const auto size = check(::pread(log_file, piece, sizeof piece, at), "read", "the log");
        if (size == 0) break;
        lines.append(piece, static_cast<std::size_t>(size));
        at += size;
    }
    std::size_t number = 1;
    const std::string line = "\n" + point + ":";
    for (auto at = lines.find(line); at != std::string::npos; at = lines.find(line, at + 1)) {
        ++number;
    }
    write_all(log_file, point + ":" + std::to_string(number) + "\n", "the log");
    ::flock(log_file, LOCK_UN);
    return number;
}

static int error_named(std::string_view name) {
    for (int number = 1; number < kErrorMax; ++number) {
        const char* known = ::strerrorname_np(number);
        if (known != nullptr && name == known) return number;
    }
    return EIO;
}

void FailPoint::reach() {
    const std::string point = std::string{::program_invocation_short_name} + ":" + name;
    const std::string place = point + ":" + std::to_string(write_down(point));
    const char* const order = std::getenv("SLIPWAY_FAIL_POINT");
    if (order == nullptr || !std::string_view{order}.starts_with(place + ":")) return;
    const std::string_view action = std::string_view{order}.substr(place.size() + 1);
    if (action == "KILL") ::kill(::getpid(), SIGKILL);
    throw SystemError{error_named(action), name};
}

// The program's own: -Dmain=main_of_engine (rules.mk).
int main_of_engine(int argc, char** argv);

int main(int argc, char** argv) {
    open_log();
    if (argc != 2 || std::strcmp(argv[1], "--fail-points") != 0) return main_of_engine(argc, argv);
    for (const FailPoint* point = last_point; point != nullptr; point = point->next) {
        print((point->may_fail ? "fail " : "kill ") + std::string{point->name} + "\n");
    }
    return 0;
}
