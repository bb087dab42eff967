// How much it may use: a container's control group and its limits. cgroups(7), the kernel's
// Documentation/admin-guide/cgroup-v2.rst; article 3 step 3, article 4 step 3.
//
// On version 2 a container has one group. On a machine with version 1, where each controller has a
// tree of its own, it has one group for each limit; see cgroup_v1.hpp.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/fd.hpp"
#include "stage3-namespaces/namespaces.hpp"
#include "stage5-cgroups/hierarchies.hpp"

// The one place where a cgroup file is written. Throws SystemError naming the file, and what the
// kernel means by its error where that is known.
void write_cgroup_file(const std::string& group, const std::string& file, const std::string& value);

class Cgroup {
public:
    // Chooses the places, OWN_GROUP/slipway/ID in each hierarchy. Nothing is made yet. Throws
    // Failure for an id that is no plain name.
    explicit Cgroup(const std::string& id);
    // The same in hierarchies whose OWN_GROUP somebody else chose.
    Cgroup(const std::string& id, std::vector<Hierarchy> hierarchies);
    Cgroup(const Cgroup&) = delete;
    Cgroup& operator=(const Cgroup&) = delete;
    // As remove(), unless they are borrowed.
    ~Cgroup();

    // Each makes the group that it needs and sets the limit, swap included for memory. Throws
    // SystemError or Failure: no such controller here, or not ours to set.
    void limit_memory(std::uint64_t bytes);
    void limit_cpu(unsigned parts_of_1024);          // of one CPU, as a quota
    void weigh_cpu(unsigned weight);                 // 1 to 10000, counts only under contention
    void limit_cpuset(const std::string& cpu_list);  // "0-2,5": the processors it may run on
    void limit_pids(std::uint64_t processes);

    // The group's directory in the hierarchy that has this controller, or in version 2's, which
    // may have none; made where it is missing. Empty where there is no such hierarchy. Throw
    // SystemError.
    std::string group_of(const std::string& controller);
    std::string group_on_v2();

    // In the parent: a child that is born in the group (version 2), or that join() then moves in.
    pid_t fork_into(NamespaceSet namespaces);

    // In the child, first thing: joins the groups in which it was not born. Opened by the parent
    // beforehand, so that the child needs no right to the files.
    void join() const;

    // The groups' files at /sys/fs/cgroup of a root, read-only; the caller is in a cgroup
    // namespace of its own, whose root is the container's group.
    void mount_in(int root) const;

    // Kills what is still inside and removes the groups. Returns those that are still there.
    std::vector<std::string> remove();

    // The groups are somebody else's: those that are there are used, and nothing is removed.
    void borrow() { directories_.clear(); }

    // All directories that may have been made, for remove_cgroups.
    const std::vector<std::string>& directories() const { return directories_; }

private:
    struct Group {
        const Hierarchy* hierarchy;
        std::string path;
        Fd directory;     // version 2: for CLONE_INTO_CGROUP
        Fd joining_file;  // version 1: tasks; version 2: cgroup.procs
    };

    Group& group_for(const std::string& controller);
    Group& make_group(const Hierarchy& hierarchy);
    void make_group_to_kill();

    std::string id_;
    std::vector<Hierarchy> hierarchies_;
    std::vector<std::string> directories_;
    std::vector<Group> groups_;
    bool born_inside_ = false;
};

// All directories that a Cgroup of this name may make.
std::vector<std::string> cgroup_directories(const std::string& id, const std::vector<Hierarchy>&);

// Sends SIGKILL to everybody in the group and in its sub-groups, frozen or not. A group that is not
// there is empty.
void kill_all_in(const std::string& group);

inline constexpr std::chrono::milliseconds kRemovalPatience{5000};

// Kills what is in the groups and removes them with their sub-groups, then the `slipway` groups
// above them where these are empty. Waits for the dying as long as its patience lasts. Returns
// what is left.
std::vector<std::string> remove_cgroups(const std::vector<std::string>& directories,
                                        std::chrono::milliseconds patience = kRemovalPatience);

// Why a group is left: "cgroup /sys/... still has processes: 12, 34".
std::string text_of_left(const std::string& group);
