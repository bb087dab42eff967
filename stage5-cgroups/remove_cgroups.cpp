#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <memory>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"

static constexpr int kWaitMillisecondsMax = 5000;

void kill_all_in(const std::string& group) {
    try {
        // One write, and nobody forks away from it (version 2, since Linux 5.14).
        if (file_exists(group + "/cgroup.kill"))
            return write_cgroup_file(group, "cgroup.kill", "1");
        for (const auto& word : words_of(read_file(group + "/cgroup.procs"))) {
            pid_t pid = 0;
            std::from_chars(word.data(), word.data() + word.size(), pid);
            if (pid > 1) ::kill(pid, SIGKILL);  // 0 is a process that this PID namespace cannot see
        }
    } catch (const std::exception&) {
        // It vanished meanwhile: so much the better. What stays is seen by rmdir.
    }
}

static std::vector<std::string> subgroups_of(const std::string& group) {
    std::vector<std::string> found;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(group.c_str()), ::closedir};
    while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
        const std::string name = entry->d_name;
        if (entry->d_type == DT_DIR && name != "." && name != "..")
            found.push_back(group + "/" + name);
    }
    return found;
}

// rmdir answers EBUSY while a process inside is still dying, or a sub-group is there.
static bool remove_group(const std::string& group) {
    for (int delay = 1, waited = 0; ::rmdir(group.c_str()) == -1; waited += delay, delay *= 2) {
        if (errno == ENOENT) return true;
        if (errno != EBUSY && errno != ENOTEMPTY) return false;
        if (waited > kWaitMillisecondsMax) return false;
        for (const auto& below : subgroups_of(group)) remove_group(below);
        kill_all_in(group);
        ::poll(nullptr, 0, delay);  // version 1 has no event for "empty" to wait for
    }
    return true;
}

std::vector<std::string> remove_cgroups(const std::vector<std::string>& directories) {
    std::vector<std::string> left;
    for (const auto& group : directories) {
        if (!remove_group(group)) left.push_back(group);
        // Fails where another container's group is in it: that one removes it.
        ::rmdir(group.substr(0, group.rfind('/')).c_str());
    }
    return left;
}
