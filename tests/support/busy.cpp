#include "tests/support/busy.hpp"

#include <poll.h>

#include <filesystem>
#include <sstream>

#include "common/file.hpp"

// Fields 14 and 15 of /proc/PID/stat, behind a name in parentheses (proc(5)): hundredths of a
// second.
static long processor_time(pid_t pid) {
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream fields{text.substr(text.rfind(") ") + 2)};
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;
    long in_program = 0, in_kernel = 0;
    fields >> in_program >> in_kernel;
    return in_program + in_kernel;
}

bool is_idle(pid_t pid) {
    // A second is a hundred of them. One that never waits gets more than these even where many
    // others want the processor too.
    static constexpr long kLittle = 3;
    const long before = processor_time(pid);
    for (int i = 0; i < 10; ++i) {
        ::poll(nullptr, 0, 100);
        if (processor_time(pid) - before > kLittle) return false;
    }
    return true;
}

std::size_t count_in(const std::string& directory) {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{directory}, {}));
}
