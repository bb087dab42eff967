#include "stage3-namespaces/orphans.hpp"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.hpp"
#include "common/file.hpp"

// Field 4 of /proc/PID/stat; field 2 is a name in parentheses, of any characters (proc(5)).
pid_t parent_of(pid_t pid) {
    try {
        const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
        const auto name_end = text.rfind(") ");
        if (name_end == std::string::npos || name_end + 4 > text.size()) return 0;
        pid_t parent = 0;
        std::from_chars(text.data() + name_end + 4, text.data() + text.size(), parent);
        return parent;
    } catch (const std::exception&) {
        return 0;  // it has ended meanwhile
    }
}

static std::vector<pid_t> our_children() {
    const auto close = [](DIR* stream) { ::closedir(stream); };
    const std::unique_ptr<DIR, decltype(close)> stream{::opendir("/proc"), close};
    std::vector<pid_t> children;
    while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        const bool is_number = error == std::errc{} && end == name.data() + name.size();
        if (is_number && parent_of(pid) == ::getpid()) children.push_back(pid);
    }
    return children;
}

std::vector<pid_t> adopt_orphans() {
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
    return our_children();
}

void end_orphans(const std::vector<pid_t>& earlier_children) {
    while (true) {
        std::vector<pid_t> killed;
        for (const pid_t pid : our_children()) {
            const bool is_earlier =
                std::ranges::find(earlier_children, pid) != earlier_children.end();
            if (!is_earlier && ::kill(pid, SIGKILL) == 0) killed.push_back(pid);
        }
        if (killed.empty()) return;
        for (const pid_t pid : killed) retry([&] { return ::waitpid(pid, nullptr, 0); });
        // Those below them are our children now: look again.
    }
}
