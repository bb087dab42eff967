#include "stage6-daemon-shim/features/isolation/security_label.hpp"

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

bool has_apparmor() {
    const std::string path = "/sys/module/apparmor/parameters/enabled";
    return file_exists(path) && read_file(path).starts_with("Y");
}

bool has_selinux() {
    return file_exists("/sys/fs/selinux/enforce");
}

static void set_apparmor_profile(const std::string& profile) {
    // Older kernels have one file for whichever of the two modules there is.
    const std::string own = "/proc/self/attr/apparmor/exec";
    try {
        write_control_file(file_exists(own) ? own : "/proc/self/attr/exec", "exec " + profile);
    } catch (const SystemError& error) {
        throw SystemError{error.error(), "apparmor failed to apply profile", printable(profile),
                          error.error() == ENOENT ? "is it loaded? apparmor_parser -r FILE" : ""};
    }
}

void set_security_label(Launch& launch) {
    const JsonReader process = JsonReader{launch.spec.document}.get_object("process");
    const std::string profile = process.get_string("apparmorProfile");
    const std::string label = process.get_string("selinuxLabel");
    if (!profile.empty()) set_apparmor_profile(profile);
    if (!label.empty()) write_control_file("/proc/self/attr/exec", label);
}
