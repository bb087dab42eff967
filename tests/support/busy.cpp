#include "tests/support/busy.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// What a thread has had of a processor so far, and whether it sleeps.
struct Effort {
    nanoseconds used{0};
    bool is_asleep = false;
};

// "PID (NAME) STATE ...", where NAME may hold anything; fields 14 and 15 are hundredths of a second
// (proc_pid_stat(5)). The kernel mostly knows it better than that.
static Effort effort_of(const std::string& thread) {
    const std::string text = read_file(thread + "/stat");
    std::istringstream fields{text.substr(text.rfind(") ") + 2)};
    std::string state, skipped;
    fields >> state;
    for (int i = 4; i < 14; ++i) fields >> skipped;
    long in_program = 0, in_kernel = 0;
    fields >> in_program >> in_kernel;
    Effort effort{milliseconds{10 * (in_program + in_kernel)}, state == "S"};
    if (file_exists(thread + "/schedstat")) {
        effort.used = nanoseconds{std::stol(read_file(thread + "/schedstat"))};
    }
    return effort;
}

static std::map<std::string, Effort> efforts_of(const std::string& process) {
    std::map<std::string, Effort> efforts;
    for (const auto& thread : std::filesystem::directory_iterator{process + "/task"}) {
        try {
            efforts[thread.path()] = effort_of(thread.path());
        } catch (const SystemError&) {
            continue;  // it has ended meanwhile
        }
    }
    return efforts;
}

// However many others want a processor: who never waits for anything but that does not sleep.
bool is_idle(pid_t pid) {
    using Clock = std::chrono::steady_clock;
    static constexpr int kTime = 300;  // milliseconds
    const std::string process = "/proc/" + std::to_string(pid);
    for (int attempt = 0; attempt < 20; ++attempt) {
        const auto began = Clock::now();
        auto before = efforts_of(process);
        ::poll(nullptr, 0, kTime);
        const nanoseconds little = (Clock::now() - began) / 20;
        const auto after = efforts_of(process);
        const bool is_lazy = std::ranges::all_of(after, [&](const auto& one) {
            const auto& [thread, effort] = one;
            return effort.is_asleep && effort.used - before[thread].used <= little;
        });
        if (is_lazy) return true;
    }
    return false;
}

std::size_t count_in(const std::string& directory) {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{directory}, {}));
}
