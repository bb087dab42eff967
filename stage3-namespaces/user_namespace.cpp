#include "stage3-namespaces/user_namespace.hpp"

#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"

static void write_map(const std::string& path, const std::string& text) {
    try {
        write_control_file(path, text);
    } catch (const SystemError& error) {
        const bool has_no_file = error.error() == ENOENT;
        throw SystemError{error.error(), "write", path,
                          has_no_file ? "is /proc mounted?" : hint_for_user_namespace()};
    }
}

void map_root_to_caller(pid_t child) {
    const std::string directory = "/proc/" + std::to_string(child);
    write_map(directory + "/setgroups", "deny");
    write_map(directory + "/uid_map", "0 " + std::to_string(::geteuid()) + " 1");
    write_map(directory + "/gid_map", "0 " + std::to_string(::getegid()) + " 1");
}

static bool reads_as(const std::string& path, char value) {
    try {
        return read_file(path).starts_with(value);
    } catch (const std::exception&) {
        return false;  // this kernel has no such switch
    }
}

std::string hint_for_user_namespace() {
    // Three switches of three distributions; each is read, since their names differ.
    if (reads_as("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1')) {
        return "Ubuntu forbids user namespaces to ordinary programs: "
               "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run as root";
    }
    if (reads_as("/proc/sys/kernel/unprivileged_userns_clone", '0')) {
        return "sudo sysctl kernel.unprivileged_userns_clone=1, or run as root";
    }
    if (reads_as("/proc/sys/user/max_user_namespaces", '0')) {
        return "user.max_user_namespaces is 0: raise it with sudo sysctl, or run as root";
    }
    return "user namespaces are forbidden here, as inside many containers: run as root";
}
