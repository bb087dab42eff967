#include "stage5-cgroups/freezer.hpp"

#include <poll.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"

using Clock = std::chrono::steady_clock;

bool start_freezing(const std::string& group) {
    if (file_exists(group + "/cgroup.freeze")) {
        write_cgroup_file(group, "cgroup.freeze", "1");
    } else if (file_exists(group + "/freezer.state")) {
        write_cgroup_file(group, "freezer.state", "FROZEN");
    } else {
        return false;
    }
    return true;
}

void thaw(const std::string& group) {
    try {
        if (file_exists(group + "/cgroup.freeze")) write_cgroup_file(group, "cgroup.freeze", "0");
        if (file_exists(group + "/freezer.state"))
            write_cgroup_file(group, "freezer.state", "THAWED");
    } catch (const SystemError&) {
        // The group vanished meanwhile, and nobody is frozen in it.
    }
}

// Freezing is a wish: a process in the middle of a system call stands still only behind it.
bool is_frozen(const std::string& group) {
    if (!file_exists(group + "/cgroup.freeze")) {
        return read_file(group + "/freezer.state") == "FROZEN\n";
    }
    const auto words = words_of(read_file(group + "/cgroup.events"));
    const auto frozen = std::ranges::find(words, "frozen");
    return frozen != words.end() && frozen + 1 != words.end() && frozen[1] == "1";
}

static void wait_until_frozen(const std::string& group, Clock::time_point end) {
    for (int delay = 1; !is_frozen(group); delay = std::min(2 * delay, 50)) {
        if (Clock::now() > end) throw Failure{"freeze " + group + ": it does not stand still"};
        ::poll(nullptr, 0, delay);
    }
}

bool freeze_all_in(const std::vector<std::string>& directories,
                   std::chrono::milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    try {
        bool can_freeze = false;
        for (const auto& group : directories) {
            if (!start_freezing(group)) continue;
            can_freeze = true;
            wait_until_frozen(group, end);
        }
        return can_freeze;
    } catch (const std::exception&) {
        thaw_all_in(directories);
        throw;
    }
}

void thaw_all_in(const std::vector<std::string>& directories) {
    for (const auto& group : directories) thaw(group);
}
