#include "tests/stage6/kept_processes.hpp"

#include <dirent.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "common/error.hpp"
#include "common/file.hpp"

std::function<void(Json&)> with_isolation(const std::string& isolation) {
    return [isolation](Json& body) { body["HostConfig"]["Isolation"] = isolation; };
}

static std::string read_of_process(pid_t pid, const std::string& file) {
    try {
        return read_file("/proc/" + std::to_string(pid) + "/" + file);
    } catch (const SystemError&) {
        return {};  // it has just ended
    }
}

std::vector<pid_t> processes_with(std::string_view text) {
    std::vector<pid_t> found;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir("/proc"), ::closedir};
    while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
        const auto pid = static_cast<pid_t>(std::atoi(entry->d_name));
        if (pid <= 0 || pid == ::getpid()) continue;
        if (read_of_process(pid, "cmdline").find(text) != std::string::npos) found.push_back(pid);
    }
    return found;
}

std::string state_of_process(pid_t pid) {
    const std::string stat = read_of_process(pid, "stat");
    const auto end = stat.rfind(')');
    return end == std::string::npos ? "" : stat.substr(end + 2, 1);
}
