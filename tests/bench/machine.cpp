#include "tests/bench/machine.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/bench/group_places.hpp"

// What follows the colon in the first line of that name; empty when there is none.
static std::string field_of(const std::string& path, const std::string& name) {
    std::istringstream text{read_file(path)};
    for (std::string line; std::getline(text, line);) {
        if (!line.starts_with(name)) continue;
        const auto start = line.find_first_not_of(": \t", name.size());
        return start == line.npos ? "" : line.substr(start);
    }
    return {};
}

static std::string first_word(const std::string& path) {
    const std::string text = read_file(path);
    return text.substr(0, text.find(' '));
}

std::string describe_machine() {
    utsname system{};
    check(::uname(&system), "uname");
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::localtime_r(&now, &parts);
    std::array<char, 64> date;
    std::strftime(date.data(), date.size(), "%Y-%m-%d %H:%M %Z", &parts);
    const long pages = ::sysconf(_SC_PHYS_PAGES) / 1024 * ::sysconf(_SC_PAGESIZE) / 1024;
    return "- processors: " + std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) + " x " +
           field_of("/proc/cpuinfo", "model name") + "\n- memory: " + std::to_string(pages) +
           " MiB\n- kernel: " + system.release + " " + system.machine +
           "\n- cgroups: " + group_layout() +
           "\n- as: " + (::geteuid() == 0 ? "root" : "an ordinary user") +
           "\n- load before: " + first_word("/proc/loadavg") + "\n- date: " + date.data() + "\n";
}
