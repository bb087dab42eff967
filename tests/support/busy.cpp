#include "tests/support/busy.hpp"

#include <poll.h>

#include <chrono>
#include <filesystem>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Fields 14 and 15 of /proc/PID/stat, behind a name in parentheses (proc(5)): hundredths of a
// second.
static nanoseconds time_used(const std::string& process) {
    const std::string text = read_file(process + "/stat");
    std::istringstream fields{text.substr(text.rfind(") ") + 2)};
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;
    long in_program = 0, in_kernel = 0;
    fields >> in_program >> in_kernel;
    return milliseconds{10 * (in_program + in_kernel)};
}

// What all its threads have computed and waited for a processor: however many others want one,
// somebody who never sleeps gets as much of this as time goes by.
static nanoseconds time_wanted(const std::string& process) {
    nanoseconds sum{0};
    for (const auto& thread : std::filesystem::directory_iterator{process + "/task"}) {
        const std::string path = thread.path().string() + "/schedstat";
        if (!file_exists(path)) return time_used(process);  // the kernel does not count
        std::istringstream fields{read_file(path)};
        long on_processor = 0, in_queue = 0;
        fields >> on_processor >> in_queue;
        sum += nanoseconds{on_processor + in_queue};
    }
    return sum;
}

bool is_idle(pid_t pid) {
    static constexpr milliseconds kTime{300}, kLittle{15};
    const std::string process = "/proc/" + std::to_string(pid);
    for (int attempt = 0; attempt < 4; ++attempt) {
        const auto before = time_wanted(process);
        ::poll(nullptr, 0, static_cast<int>(kTime.count()));
        if (time_wanted(process) - before <= kLittle) return true;
    }
    return false;
}

std::size_t count_in(const std::string& directory) {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{directory}, {}));
}
