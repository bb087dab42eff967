// --security-opt: what a create request says about seccomp, labels and new privileges.
#pragma once

#include <string>
#include <vector>

#include "stage6-daemon-shim/core/json/json.hpp"

struct SecurityOptions {
    bool no_new_privileges = false;
    bool seccomp_unconfined = false;
    Json seccomp_profile{};  // of the user's own, in Docker's form; null: none
    std::string apparmor{};  // a profile that this machine knows
    std::string selinux{};   // a label, whole
};

// Throws HttpError 400 for an option that nobody knows, and for a label of a module that this
// machine does not have: a container that believes itself shut in must be.
SecurityOptions parse_security_options(const std::vector<std::string>& options);
