#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "tests/classroom/doctor/findings.hpp"

// Whether we may make a group there: tried, since neither modes nor mount flags tell it all.
static bool can_make_group(const std::string& parent) {
    const std::string group = parent + "/slipway-doctor-" + std::to_string(::getpid());
    if (::mkdir(group.c_str(), 0755) == -1) return false;
    ::rmdir(group.c_str());
    return true;
}

static std::string layout_of(const std::vector<Hierarchy>& hierarchies) {
    bool has_v1 = false, has_v2 = false;
    for (const Hierarchy& one : hierarchies) (one.is_v2 ? has_v2 : has_v1) = true;
    if (has_v1 && has_v2) return "hybrid: version 1 and version 2 side by side";
    if (has_v2) return "version 2 alone";
    return has_v1 ? "version 1 alone" : "";
}

static std::string way_out_without_rights(const Hierarchy& hierarchy) {
    if (::geteuid() == 0) return "mounted read-only: docker run --privileged, or another machine";
    if (!hierarchy.is_v2) return "not yours: run as root";
    return "not yours: systemd-run --user --scope -p Delegate=yes bash, or run as root";
}

// A controller is of use where the hierarchy that has it lets us make a group.
static Row controller(const std::vector<Hierarchy>& hierarchies, const std::string& name,
                      const std::string& what_for) {
    for (const Hierarchy& one : hierarchies) {
        if (!one.has(name)) continue;
        const std::string where = (one.is_v2 ? "version 2, " : "version 1, ") + one.own_group;
        if (can_make_group(one.own_group)) return {name, Finding::here, where};
        return {name, Finding::absent, where + ": " + way_out_without_rights(one)};
    }
    return {
        name, Finding::absent,
        "no hierarchy here has it: " + what_for + " is refused, or left out when not asked for"};
}

static Row groups_of_v2(const std::vector<Hierarchy>& hierarchies) {
    const std::string what = "cgroup version 2";
    for (const Hierarchy& one : hierarchies) {
        if (!one.is_v2) continue;
        if (can_make_group(one.own_group)) return {what, Finding::here, one.own_group};
        return {what, Finding::absent, one.own_group + ": " + way_out_without_rights(one)};
    }
    return {what, Finding::absent,
            "not mounted: freezing and killing go by version 1, or by signals"};
}

Rows rows_of_cgroups() {
    const std::vector<Hierarchy> hierarchies = find_hierarchies();
    const std::string layout = layout_of(hierarchies);
    if (layout.empty()) {
        return {{"cgroups", Finding::absent,
                 "none is mounted: containers run without limits; "
                 "mount -t cgroup2 none /sys/fs/cgroup"}};
    }
    return {{"cgroups", Finding::here, layout},
            groups_of_v2(hierarchies),
            controller(hierarchies, "memory", "--memory"),
            controller(hierarchies, "cpu", "--cpu"),
            controller(hierarchies, "pids", "--pids")};
}
