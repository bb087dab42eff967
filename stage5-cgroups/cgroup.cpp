#include "stage5-cgroups/cgroup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/cgroup_names.hpp"
#include "stage5-cgroups/cgroup_v1.hpp"
#include "stage5-cgroups/cpu_list.hpp"
#include "stage5-cgroups/delegation.hpp"

static constexpr unsigned kCpuPeriodMicroseconds = 100000;
// The smallest quota that the kernel takes (min_cfs_quota_period in kernel/sched).
static constexpr unsigned kCpuQuotaMicrosecondsMin = 1000;

void write_cgroup_file(const std::string& group, const std::string& file,
                       const std::string& value) {
    try {
        write_control_file(group + "/" + file, value);
    } catch (const SystemError& error) {
        const auto hint = hint_for_cgroup_file(file, error.error());
        if (hint.empty()) throw;
        throw SystemError{error.error(), "write", group + "/" + file, hint};
    }
}

Cgroup::Cgroup(const std::string& id) : Cgroup{id, find_hierarchies()} {}

Cgroup::Cgroup(const std::string& id, std::vector<Hierarchy> hierarchies)
    : id_{checked_cgroup_name(id)},
      hierarchies_{std::move(hierarchies)},
      directories_{cgroup_directories(id, hierarchies_)} {}

Cgroup::~Cgroup() {
    remove();
}

std::vector<std::string> Cgroup::remove() {
    return remove_cgroups(std::exchange(directories_, {}));
}

// In the hierarchy that has the controller: version 2 before version 1.
Cgroup::Group& Cgroup::group_for(const std::string& controller) {
    const Hierarchy* place = nullptr;
    for (const Hierarchy& hierarchy : hierarchies_) {
        if (hierarchy.has(controller) && (place == nullptr || hierarchy.is_v2)) place = &hierarchy;
    }
    if (place == nullptr) throw no_such_controller(controller, hierarchies_);
    Group& group = make_group(*place);
    if (place->is_v2) divide(place->own_group, controller);
    return group;
}

Cgroup::Group& Cgroup::make_group(const Hierarchy& hierarchy) {
    for (Group& group : groups_) {
        if (group.hierarchy == &hierarchy) return group;
    }
    const std::string above = hierarchy.own_group + "/slipway";
    const std::string path = above + "/" + id_;
    // The last container to end removes `slipway`, perhaps just between our two calls.
    for (int attempt = 0;; ++attempt) {
        if (::mkdir(above.c_str(), 0755) == -1 && errno != EEXIST)
            throw SystemError{errno, "mkdir", above, hint_for_new_cgroup(errno)};
        if (::mkdir(path.c_str(), 0755) == 0 || (errno == EEXIST && directories_.empty())) break;
        if (errno != ENOENT || attempt == 100)
            throw SystemError{errno, "mkdir", path, hint_for_new_cgroup(errno)};
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

void Cgroup::weigh_cpu(unsigned weight) {
    const Group& group = group_for("cpu");
    if (group.hierarchy->is_v2) {
        write_cgroup_file(group.path, "cpu.weight", std::to_string(weight));
    } else {
        write_cgroup_file(group.path, "cpu.shares", std::to_string(shares_for_weight(weight)));
    }
}

void Cgroup::limit_cpuset(const std::string& cpu_list) {
    const Group& group = group_for("cpuset");
    const bool is_v2 = group.hierarchy->is_v2;
    const char* available = is_v2 ? "/cpuset.cpus.effective" : "/cpuset.cpus";
    // Version 2 would take a processor that is not there, and ignore the whole limit.
    check_cpus(cpu_list, read_file(group.hierarchy->own_group + available));
    if (!is_v2) return limit_cpuset_v1(group.path, cpu_list);
    write_cgroup_file(group.path, "cpuset.cpus", cpu_list);
}

void Cgroup::limit_pids(std::uint64_t processes) {
    write_cgroup_file(group_for("pids").path, "pids.max", std::to_string(processes));
}

// Freeze and kill work on the whole group: on version 2's, which is there even where all the
// controllers are version 1's, or on that of version 1's freezer.
void Cgroup::make_group_to_kill() {
    const Hierarchy* place = nullptr;
    for (const Hierarchy& hierarchy : hierarchies_) {
        if (!hierarchy.is_v2 && !hierarchy.has("freezer")) continue;
        if (::access((hierarchy.own_group + "/cgroup.procs").c_str(), W_OK) == -1) continue;
        if (place == nullptr || hierarchy.is_v2) place = &hierarchy;
    }
    try {
        if (place != nullptr) make_group(*place);
    } catch (const SystemError&) {
        // Not ours to make groups in: then the limits alone decide what there is.
    }
}

pid_t Cgroup::fork_into(NamespaceSet namespaces) {
    make_group_to_kill();
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
