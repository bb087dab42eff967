#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/features/isolation/capabilities.hpp"
#include "stage6-daemon-shim/features/isolation/devices.hpp"
#include "stage6-daemon-shim/features/isolation/identity.hpp"
#include "stage6-daemon-shim/features/isolation/isolation_in_shim.hpp"
#include "stage6-daemon-shim/features/isolation/network_files.hpp"
#include "stage6-daemon-shim/features/isolation/seccomp_profile.hpp"
#include "stage6-daemon-shim/features/isolation/security_label.hpp"
#include "stage6-daemon-shim/features/isolation/shared_memory.hpp"
#include "stage6-daemon-shim/features/isolation/system_paths.hpp"

// Step 11: a session keyring of its own, since keys in ours would be found by search. Without it
// the container still cannot use keyctl(2): the filter refuses it.
static void own_keyring(Launch& launch) {
    if (!launch.spec.isolated) return;
    const auto name = launch.spec.hostname.c_str();
    if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name) != -1) return;
    // No keyrings in this kernel, refused by an outer filter, or the user's quota of keys is used.
    if (errno != ENOSYS && errno != EPERM && errno != EDQUOT && errno != EACCES) {
        throw SystemError{errno, "keyctl", "a session keyring"};
    }
}

// Step 11: no program that is executed gives more rights than there are, setuid ones included.
static void refuse_new_privileges(Launch& launch) {
    const JsonReader process = JsonReader{launch.spec.document}.get_object("process");
    if (!process.get_bool("noNewPrivileges")) return;
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", "PR_SET_NO_NEW_PRIVS");
}

// The numbers are those of the launch's own list; see core/runtime/launch.cpp.
static constexpr LaunchStep kSteps[] = {
    {7, make_devices},            // in the /dev that has just been mounted
    {7, resize_shared_memory},    //
    {7, mount_network_files},     //
    {8, set_kernel_parameters},   // before /proc/sys is read-only
    {9, cover_system_paths},      //
    {11, choose_identity},        // /etc/passwd is the container's now
    {11, own_keyring},            //
    {11, refuse_new_privileges},  //
    {11, keep_capabilities},      // over the change of user ids in step 12
    {13, raise_capabilities},     // to install a filter takes CAP_SYS_ADMIN
    {13, install_filter},         //
    {14, drop_capabilities},      //
    {14, set_security_label},     // counts from the exec on
};

ShimFeature isolation_in_shim() {
    return {"isolation", kSteps, apply_device_policy};
}
