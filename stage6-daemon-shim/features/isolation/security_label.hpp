// AppArmor and SELinux: a second opinion of the kernel's on what the container does, where the
// machine has one of them. apparmor(7); the kernel's Documentation/admin-guide/LSM.
#pragma once

#include <string>

#include "stage6-daemon-shim/core/runtime/launch.hpp"

bool has_apparmor();
bool has_selinux();

// Step 14: the label of the spec (process.apparmorProfile, process.selinuxLabel) holds from the
// exec on.
void set_security_label(Launch& launch);
