#include "stage6-daemon-shim/core/daemon/standstill.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/freezer.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "stage6-daemon-shim/core/daemon/dead_shim.hpp"
#include "stage6-daemon-shim/core/daemon/processes_inside.hpp"
#include "stage6-daemon-shim/core/daemon/shim_client.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr auto kLookAgainFirst = std::chrono::milliseconds{1};
static constexpr auto kLookAgainLast = std::chrono::milliseconds{50};
// Whoever forks faster than that many looks is not stopped by looking.
static constexpr int kPassesMax = 100;

static bool is_isolated(const Container& container) {
    const JsonReader spec = JsonReader{container.config}.get_object("spec");
    return spec.get_object("annotations").get_string("slipway.isolation") != "none";
}

static bool can_freeze(const std::string& group) {
    return file_exists(group + "/cgroup.freeze") || file_exists(group + "/freezer.state");
}

bool has_freezer(const Container& container) {
    return is_isolated(container) && std::ranges::any_of(cgroups_of(container), can_freeze);
}

// Freezing is a wish: a process in the middle of a system call stands still only behind it.
static Task<void> wait_until_frozen(EventLoop& loop, std::string group, Deadline deadline) {
    auto delay = kLookAgainFirst;
    while (!is_frozen(group)) {
        if (Clock::now() > deadline) throw Failure{"freeze " + group + ": it does not stand still"};
        co_await loop.sleep_for(delay);
        delay = std::min(2 * delay, kLookAgainLast);
    }
}

static Task<void> freeze(EventLoop& loop, std::vector<std::string> groups) {
    const Deadline deadline = Clock::now() + kFreezeDeadline;
    try {
        for (const auto& group : groups) {
            if (start_freezing(group)) co_await wait_until_frozen(loop, group, deadline);
        }
    } catch (...) {
        thaw_all_in(groups);
        throw;
    }
}

// Again and again until nobody new is found: who was not stopped yet may have made a child.
static void stop_each(pid_t first) {
    std::vector<ProcessIdentity> stopped;
    for (int pass = 0; pass < kPassesMax; ++pass) {
        const auto found = processes_inside(first);
        const bool nobody_new = std::ranges::all_of(found, [&](const ProcessIdentity& process) {
            return std::ranges::find(stopped, process) != stopped.end();
        });
        if (nobody_new) return;
        for (const ProcessIdentity& process : found) signal_process(process, SIGSTOP);
        stopped = found;
    }
    for (const ProcessIdentity& process : processes_inside(first)) signal_process(process, SIGCONT);
    throw Failure{"it makes processes faster than they can be stopped"};
}

Task<void> hold_processes(EventLoop& loop, ContainerPointer container) {
    if (has_freezer(*container)) {
        co_await freeze(loop, cgroups_of(*container));
    } else if (is_isolated(*container)) {
        stop_each(static_cast<pid_t>(container->pid));
    } else {
        co_await ask_shim(loop, container, "kill " + std::to_string(SIGSTOP));
    }
}

Task<void> release_processes(EventLoop& loop, ContainerPointer container) {
    if (has_freezer(*container)) {
        thaw_all_in(cgroups_of(*container));
    } else if (is_isolated(*container)) {
        for (const auto& process : processes_inside(static_cast<pid_t>(container->pid))) {
            signal_process(process, SIGCONT);
        }
    } else {
        co_await ask_shim(loop, container, "kill " + std::to_string(SIGCONT));
    }
}

bool is_held(const Container& container) {
    if (!has_freezer(container)) return container.is_marked_paused;
    return std::ranges::any_of(cgroups_of(container), [](const std::string& group) {
        return can_freeze(group) && is_frozen(group);
    });
}

bool can_freeze_here() {
    return std::ranges::any_of(find_hierarchies(), [](const Hierarchy& hierarchy) {
        if (!hierarchy.is_v2 && !hierarchy.has("freezer")) return false;
        return ::access((hierarchy.own_group + "/cgroup.procs").c_str(), W_OK) == 0;
    });
}
