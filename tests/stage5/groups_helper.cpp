#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/file.hpp"
#include "stage4-chroot/rootfs.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "tests/stage5/groups.hpp"

void need_limits() {
    int found = 0;
    for (const auto& hierarchy : find_hierarchies()) {
        if (::access(hierarchy.own_group.c_str(), W_OK) != 0) continue;
        for (const auto* controller : {"memory", "cpu", "pids"}) found += hierarchy.has(controller);
    }
    if (found < 3) skip("no cgroup tree here in which we could limit memory, cpu and pids");
}

StageContainer container_with_programs(const Words& programs) {
    const StageContainer container{5};
    build_rootfs(container.outside(""), programs, host_programs());
    return container;
}

static Words own_groups(const std::string& process) {
    Words groups;
    for (const auto& one : parse_hierarchies(read_file("/proc/self/mountinfo"),
                                             read_file("/proc/" + process + "/cgroup"))) {
        groups.push_back(one.own_group);
    }
    return groups;
}

Words groups_of_process(pid_t pid) {
    Words groups = own_groups(std::to_string(pid));
    const Words ours = own_groups("self");
    std::erase_if(groups,
                  [&](const auto& group) { return std::ranges::find(ours, group) != ours.end(); });
    return groups;
}

std::string limit_in(const Words& groups, const Words& files) {
    for (const auto& group : groups) {
        for (const auto& file : files) {
            if (!file_exists(group + "/" + file)) continue;
            const std::string text = read_file(group + "/" + file);
            return text.substr(0, text.find('\n'));
        }
    }
    return "no such file";
}

std::string cpu_quota_in(const Words& groups) {
    const std::string files[] = {limit_in(groups, {"cpu.max"}),
                                 limit_in(groups, {"cpu.cfs_quota_us"}),
                                 limit_in(groups, {"cpu.cfs_period_us"})};
    return files[1] == "no such file" ? files[0] : files[1] + " " + files[2];
}

std::string id_of(const std::string& hostname) {
    const std::string prefix = "container-";
    INFO(hostname);
    REQUIRE(hostname.starts_with(prefix));
    const std::string id = hostname.substr(prefix.size(), 12);
    CHECK(id.size() == 12);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    return id;
}

static pid_t first_of(Process& runner, const std::string& ready) {
    runner.wait_for_output(ready);
    return first_process_of(runner.pid());
}

Running::Running(const Words& command, const std::string& ready)
    : runner_{command}, first_{first_of(runner_, ready)}, groups_{groups_of_process(first_)} {}

std::string Running::groups_left() const {
    std::string left;
    for (const auto& group : groups_) {
        if (file_exists(group)) left += group + "\n";
    }
    return left;
}

void Running::check_groups_gone() const {
    for (const auto& group : groups_) {
        wait_until([&] { return !file_exists(group); }, "the group is gone: " + group);
    }
}

void Running::end() {
    runner_.signal(SIGTERM);
    CHECK(runner_.wait() == 143);
    CHECK(groups_left() == "");
}

static constexpr uid_t kOrdinaryUser = 65534;

// Where a group of ours would be made: for version 2 with the controllers handed down to it.
static std::string new_group_in(const Hierarchy& hierarchy, const std::string& name) {
    const std::string group = hierarchy.own_group + "/" + name;
    if (hierarchy.is_v2) {
        for (const auto* controller : {"memory", "cpu", "pids"}) {
            if (!hierarchy.has(controller)) continue;
            write_cgroup_file(hierarchy.own_group, "cgroup.subtree_control",
                              std::string{"+"} + controller);
        }
    }
    check(::mkdir(group.c_str(), 0755), "mkdir", group);
    return group;
}

DelegatedGroups::DelegatedGroups() {
    const std::string name = random_name();
    for (const auto& one : find_hierarchies()) {
        const bool is_used = one.is_v2 || one.has("memory") || one.has("cpu") || one.has("pids");
        if (!is_used || ::access(one.own_group.c_str(), W_OK) != 0) continue;
        const std::string group = new_group_in(one, name);
        directories_.push_back(group);
        for (const auto* file :
             {"", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control", "/tasks"}) {
            const std::string path = group + file;
            if (file_exists(path)) {
                check(::chown(path.c_str(), kOrdinaryUser, kOrdinaryUser), "chown", path);
            }
        }
    }
}

DelegatedGroups::~DelegatedGroups() {
    remove_cgroups(directories_);
}

Words DelegatedGroups::entering(const Words& command) const {
    Words all{"sh", "-c",
              "for group in $GROUPS_TO_ENTER; do echo $$ >$group/cgroup.procs; done; "
              "exec \"$@\"",
              "sh"};
    std::string groups = "GROUPS_TO_ENTER=";
    for (const auto& group : directories_) groups += group + " ";
    all.insert(all.begin(), {"env", groups});
    const Words rest = as_ordinary_user(command);
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
}

Words DelegatedGroups::left() const {
    Words found;
    for (const auto& group : directories_) {
        for (const auto& entry : std::filesystem::directory_iterator{group}) {
            if (entry.is_directory()) found.push_back(entry.path());
        }
    }
    return found;
}
