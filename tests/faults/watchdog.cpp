#include "tests/faults/watchdog.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/pause.hpp"

static constexpr std::chrono::seconds kPatience{150};
static constexpr int kBitten = 1;

// Its daemon, and the tracer of that: who has its socket in the command line. They are no children
// of ours.
static void kill_users_of(const std::string& socket) {
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        const pid_t pid = std::atoi(entry.path().filename().c_str());
        try {
            const std::string words = pid > 1 ? read_file(entry.path() / "cmdline") : "";
            if (words.find(socket + '\0') != std::string::npos) ::kill(pid, SIGKILL);
        } catch (const SystemError&) {
            // It has ended just now.
        }
    }
}

[[noreturn]] static void bite_later(const std::string& socket) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pause_for(kPatience);
    kill_users_of(socket);
    ::_exit(kBitten);
}

Watchdog::Watchdog(const Engine& engine) {
    const pid_t child = check(::fork(), "fork");
    if (child == 0) bite_later(engine.socket());
    child_ = Child{child};
}

bool Watchdog::has_bitten() {
    int code = 0;
    const bool has = child_.has_ended(code) && code == kBitten;
    child_ = Child{};
    return has;
}
