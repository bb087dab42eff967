#include "stage4-chroot/overlay_probe.hpp"

#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/process.hpp"
#include "stage3-namespaces/child_report.hpp"
#include "stage3-namespaces/namespaces.hpp"
#include "stage3-namespaces/user_namespace.hpp"
#include "stage4-chroot/temporary_root.hpp"

[[noreturn]] static void try_overlay(const std::string& place, bool as_root,
                                     ChildReport& report) noexcept {
    try {
        report.wait_for_parent();
        make_mounts_private();
        const std::string options = "lowerdir=" + place + "/lower,upperdir=" + place +
                                    "/upper,workdir=" + place + "/work" +
                                    (as_root ? "" : ",userxattr");
        const std::string target = place + "/root";
        check(::mount("overlay", target.c_str(), "overlay", 0, options.c_str()), "mount", target);
    } catch (const std::exception& error) {
        report.give_up(error);
    }
    ::_exit(0);
}

bool can_mount_overlay(const std::string& directory) {
    const std::string place = directory + "/overlay-" + random_id();
    const bool as_root = ::geteuid() == 0;
    bool works = true;
    try {
        check(::mkdir(place.c_str(), 0700), "mkdir", place);
        for (const char* part : {"/lower", "/upper", "/work", "/root"}) {
            check(::mkdir((place + part).c_str(), 0755), "mkdir", place);
        }
        ChildReport report;
        const NamespaceSet namespaces = CLONE_NEWNS | (as_root ? 0u : unsigned{CLONE_NEWUSER});
        const pid_t pid = fork_into_namespaces(namespaces);
        if (pid == 0) try_overlay(place, as_root, report);
        Child child{pid};
        if (!as_root) map_root_to_caller(pid);
        report.open_gate();
        report.expect_success();
        child.wait();
    } catch (const std::exception&) {
        works = false;  // then containers get copies; `info` shows which it is
    }
    remove_tree(place);
    return works;
}
