#include "stage5-cgroups/cgroup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/cgroup_v1.hpp"

static constexpr unsigned kCpuPeriodMicroseconds = 100000;
// The smallest quota that the kernel takes (min_cfs_quota_period in kernel/sched).
static constexpr unsigned kCpuQuotaMicrosecondsMin = 1000;

void write_cgroup_file(const std::string& group, const std::string& file,
                       const std::string& value) {
    write_control_file(group + "/" + file, value);
}

std::vector<std::string> cgroup_directories(const std::string& id,
                                            const std::vector<Hierarchy>& hierarchies) {
    std::vector<std::string> directories;
    for (const Hierarchy& hierarchy : hierarchies) {
        directories.push_back(hierarchy.own_group + "/slipway/" + id);
        // See parent_with: the second choice on version 2.
        if (hierarchy.is_v2 && hierarchy.own_group != hierarchy.mount_point) {
            directories.push_back(hierarchy.mount_point + "/slipway/" + id);
        }
    }
    return directories;
}

Cgroup::Cgroup(const std::string& id) : Cgroup{id, find_hierarchies()} {}

Cgroup::Cgroup(const std::string& id, std::vector<Hierarchy> hierarchies)
    : id_{id},
      hierarchies_{std::move(hierarchies)},
      directories_{cgroup_directories(id, hierarchies_)} {}

Cgroup::~Cgroup() {
    remove_cgroups(directories_);
}

// The hierarchy that has the controller: version 2 before version 1.
Cgroup::Group& Cgroup::group_for(std::string_view controller) {
    const std::string name{controller};
    const Hierarchy* place = nullptr;
    for (const Hierarchy& hierarchy : hierarchies_) {
        if (hierarchy.has(name) && (place == nullptr || hierarchy.is_v2)) place = &hierarchy;
    }
    if (place == nullptr) {
        throw Failure{"limit " + name + ": this machine has no " + name +
                      " controller mounted that we can see (mount | grep cgroup)"};
    }
    return make_group(*place, place->is_v2 ? parent_with(*place, name) : place->own_group);
}

// The directory below which a version 2 group with this controller can be. A group that holds
// processes cannot hand out controllers to groups below it, unless it is the root of the tree
// (the rule of no internal processes, cgroups(7)). Our own group holds at least ourselves.
std::string Cgroup::parent_with(const Hierarchy& hierarchy, const std::string& controller) const {
    const std::string enable = "+" + controller;
    for (const std::string& parent : {hierarchy.own_group, hierarchy.mount_point}) {
        try {
            write_cgroup_file(parent, "cgroup.subtree_control", enable);
            make_directories(parent + "/slipway");
            write_cgroup_file(parent + "/slipway", "cgroup.subtree_control", enable);
            return parent;
        } catch (const SystemError& error) {
            // A session of systemd's holds the shell that started us: go beside the slices, to
            // the top, as the article does.
            if (error.error() != EBUSY || parent == hierarchy.mount_point) throw;
        }
    }
    std::abort();  // unreachable: the second turn returns or throws
}

Cgroup::Group& Cgroup::make_group(const Hierarchy& hierarchy, const std::string& parent) {
    for (Group& group : groups_) {
        if (group.hierarchy == &hierarchy) return group;
    }
    const std::string above = parent + "/slipway";
    const std::string path = above + "/" + id_;
    // The last container to end removes `slipway`, perhaps just between our two calls.
    for (int attempt = 0;; ++attempt) {
        if (::mkdir(above.c_str(), 0755) == -1 && errno != EEXIST)
            throw SystemError{errno, "mkdir", above};
        if (::mkdir(path.c_str(), 0755) == 0) break;
        if (errno != ENOENT || attempt == 100) throw SystemError{errno, "mkdir", path};
    }
    Group group{&hierarchy, path, {}, {}};
    const std::string joining_path = path + (hierarchy.is_v2 ? "/cgroup.procs" : kJoiningFileV1);
    group.joining_file =
        Fd{check(::open(joining_path.c_str(), O_WRONLY | O_CLOEXEC), "open", joining_path)};
    if (hierarchy.is_v2) {
        group.directory =
            Fd{check(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", path)};
    }
    return groups_.emplace_back(std::move(group));
}

void Cgroup::limit_memory(std::uint64_t bytes) {
    const Group& group = group_for("memory");
    if (!group.hierarchy->is_v2) return limit_memory_v1(group.path, bytes);
    write_cgroup_file(group.path, "memory.max", std::to_string(bytes));
    // Otherwise a container that uses too much pushes its pages to disk instead of ending.
    if (file_exists(group.path + "/memory.swap.max")) {
        write_cgroup_file(group.path, "memory.swap.max", "0");
    }
}

void Cgroup::limit_cpu(unsigned parts_of_1024) {
    const Group& group = group_for("cpu");
    const auto wanted =
        static_cast<unsigned>(std::uint64_t{parts_of_1024} * kCpuPeriodMicroseconds / 1024);
    const std::string quota = std::to_string(std::max(wanted, kCpuQuotaMicrosecondsMin));
    const std::string period = std::to_string(kCpuPeriodMicroseconds);
    if (!group.hierarchy->is_v2) return limit_cpu_v1(group.path, quota, period);
    write_cgroup_file(group.path, "cpu.max", quota + " " + period);
}

void Cgroup::limit_pids(std::uint64_t processes) {
    write_cgroup_file(group_for("pids").path, "pids.max", std::to_string(processes));
}

pid_t Cgroup::fork_into(NamespaceSet namespaces) {
    // With version 2 beside version 1 it is where membership is, and what freeze and kill work on.
    for (const Hierarchy& hierarchy : hierarchies_) {
        if (!hierarchy.is_v2 || ::access(hierarchy.own_group.c_str(), W_OK) == -1) continue;
        try {
            make_group(hierarchy, hierarchy.own_group);
        } catch (const SystemError&) {
            // Not ours to make groups in: then the limits alone decide what there is.
        }
    }
    for (const Group& group : groups_) {
        if (!group.directory) continue;
        try {
            born_inside_ = true;  // as the child sees it too
            return fork_into_namespaces(namespaces, group.directory.get());
        } catch (const SystemError& error) {
            born_inside_ = false;
            if (error.error() != ENOSYS) throw;  // a sandbox without clone3: join() does it
        }
    }
    return fork_into_namespaces(namespaces);
}

void Cgroup::join() const {
    for (const Group& group : groups_) {
        if (group.hierarchy->is_v2 && born_inside_) continue;
        check(::write(group.joining_file.get(), "0", 1), "join", group.path);
    }
}
