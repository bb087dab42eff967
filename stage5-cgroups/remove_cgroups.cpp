#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "stage5-cgroups/delegation.hpp"
#include "stage5-cgroups/freezer.hpp"

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

void kill_all_in(const std::string& group) {
    try {
        // One write, and nobody forks away from it, nor from a group below (since Linux 5.14).
        if (file_exists(group + "/cgroup.kill"))
            return write_cgroup_file(group, "cgroup.kill", "1");
        for (const auto& below : subgroups_of(group)) kill_all_in(below);
        // Who stands still cannot fork while we read the list. On version 1 the frozen die only
        // when they are thawed.
        start_freezing(group);
        for (const pid_t pid : processes_in(group)) {
            if (pid > 1) ::kill(pid, SIGKILL);  // 0 is a process that this PID namespace cannot see
        }
    } catch (const std::exception&) {
        // It vanished meanwhile: so much the better. What stays is seen by rmdir.
    }
    thaw(group);
}

// rmdir answers EBUSY while a process inside is still dying, or a sub-group is there.
static bool remove_group(const std::string& group, std::chrono::milliseconds patience) {
    for (int delay = 1, waited = 0; ::rmdir(group.c_str()) == -1; waited += delay, delay *= 2) {
        if (errno == ENOENT) return true;
        if (errno != EBUSY && errno != ENOTEMPTY) return false;
        if (waited > patience.count()) return false;
        kill_all_in(group);
        for (const auto& below : subgroups_of(group)) {
            remove_group(below, patience - std::chrono::milliseconds{waited});
        }
        if (::rmdir(group.c_str()) == 0) return true;
        ::poll(nullptr, 0, delay);  // version 1 has no event for "empty" to wait for
    }
    return true;
}

std::vector<std::string> remove_cgroups(const std::vector<std::string>& directories,
                                        std::chrono::milliseconds patience) {
    std::vector<std::string> left;
    for (const auto& group : directories) {
        if (!remove_group(group, patience)) left.push_back(group);
        // Fails where another container's group is in it: that one removes it.
        const std::string above = group.substr(0, group.rfind('/'));
        ::rmdir(above.c_str());
        leave_leaf(above.substr(0, above.rfind('/')));
    }
    return left;
}

std::string text_of_left(const std::string& group) {
    std::string text;
    for (const pid_t pid : processes_in(group)) {
        text.append(text.empty() ? " still has processes: " : ", ").append(std::to_string(pid));
    }
    return "cgroup " + group + (text.empty() ? " cannot be removed" : text);
}
