#include "stage5-cgroups/delegation.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage3-namespaces/orphans.hpp"
#include "stage5-cgroups/cgroup.hpp"

static constexpr std::string_view kLeaf = "/slipway-leaf";

std::vector<pid_t> processes_in(const std::string& group) {
    std::vector<pid_t> processes;
    try {
        for (const auto& word : words_of(read_file(group + "/cgroup.procs"))) {
            pid_t pid = 0;
            std::from_chars(word.data(), word.data() + word.size(), pid);
            processes.push_back(pid);
        }
    } catch (const SystemError&) {
        // It vanished meanwhile (ENOENT, ENODEV), or is a threaded group, which has no such list.
    }
    return processes;
}

static bool is_ours(pid_t pid) {
    return pid == ::getpid() || (pid > 0 && parent_of(pid) == ::getpid());
}

static bool holds_only_us(const std::string& group) {
    return std::ranges::all_of(processes_in(group), is_ours);
}

static bool is_top_of_tree(const std::string& group) {
    return !file_exists(group + "/cgroup.type");
}

// A controller such as cpu, which can divide among threads, is handed down even by a group that
// holds processes: the group then is "domain threaded", and those below are of no use to us.
static bool is_plain(const std::string& group) {
    return is_top_of_tree(group) || read_file(group + "/cgroup.type") == "domain\n";
}

void choose_place(Hierarchy& hierarchy) {
    std::string& own = hierarchy.own_group;
    if (!hierarchy.is_v2 || !file_exists(own)) return;
    if (own.ends_with(kLeaf)) own.resize(own.size() - kLeaf.size());  // by our own doing
    const auto& controllers = hierarchy.controllers =
        words_of(read_file(own + "/cgroup.controllers"));
    if (controllers.empty() || is_top_of_tree(own)) return;
    if (is_plain(own) && holds_only_us(own)) return;
    if (::access(hierarchy.mount_point.c_str(), W_OK) == -1) return;
    own = hierarchy.mount_point;
    hierarchy.controllers = words_of(read_file(own + "/cgroup.controllers"));
}

static void move_to(const std::string& group, const std::vector<pid_t>& processes) {
    for (const pid_t pid : processes) {
        try {
            write_cgroup_file(group, "cgroup.procs", std::to_string(pid));
        } catch (const SystemError& error) {
            if (error.error() != ESRCH) throw;  // it has ended
        }
    }
}

static void move_aside(const std::string& group) {
    const auto processes = processes_in(group);
    if (processes.empty()) return;
    std::string others;
    for (const pid_t pid : processes) {
        if (!is_ours(pid)) others.append(others.empty() ? "" : ", ").append(std::to_string(pid));
    }
    if (!others.empty() || !is_plain(group)) {
        throw Failure{"cgroup " + group + " cannot be divided: other processes live in it" +
                      (others.empty() ? "" : " (" + others + ")")};
    }
    const std::string leaf = group + std::string{kLeaf};
    if (::mkdir(leaf.c_str(), 0755) == -1 && errno != EEXIST)
        throw SystemError{errno, "mkdir", leaf};
    move_to(leaf, processes);
}

void divide(const std::string& group, const std::string& controller) {
    for (const std::string& divided : {group, group + "/slipway"}) {
        const auto enabled = words_of(read_file(divided + "/cgroup.subtree_control"));
        if (std::ranges::find(enabled, controller) != enabled.end()) continue;
        if (!is_top_of_tree(divided)) move_aside(divided);
        write_cgroup_file(divided, "cgroup.subtree_control", "+" + controller);
    }
}

MovedAside::MovedAside() {
    for (const Hierarchy& hierarchy : find_hierarchies()) {
        const std::string& own = hierarchy.own_group;
        if (!hierarchy.is_v2 || hierarchy.controllers.empty() || is_top_of_tree(own)) continue;
        try {
            move_aside(own);
            groups_.push_back(own);
        } catch (const std::exception&) {
            // Not ours to move in. A limit that is asked for later will say so.
        }
    }
}

MovedAside::~MovedAside() {
    for (const auto& group : groups_) leave_leaf(group);
}

void leave_leaf(const std::string& group) {
    const std::string leaf = group + std::string{kLeaf};
    try {
        if (!file_exists(leaf) || !holds_only_us(leaf)) return;
        for (const auto& controller : words_of(read_file(group + "/cgroup.subtree_control"))) {
            write_cgroup_file(group, "cgroup.subtree_control", "-" + controller);
        }
        move_to(group, processes_in(leaf));
        ::rmdir(leaf.c_str());
    } catch (const std::exception&) {
        // Another container is beside us: its runner goes last.
    }
}
