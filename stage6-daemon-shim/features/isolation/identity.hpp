// Which user and groups the command runs as: names that only the container's own /etc/passwd and
// /etc/group can tell. passwd(5), group(5).
#pragma once

#include <string>
#include <vector>

#include "stage6-daemon-shim/core/runtime/launch.hpp"

// The spec's annotations: --user as it was asked, and one --group-add a line.
inline constexpr const char* kUserAnnotation = "slipway.user";
inline constexpr const char* kGroupsAnnotation = "slipway.groups";

struct Identity {
    UserSpec user;
    std::string home;
};

// Decides "USER", "USER:GROUP", ":GROUP" (numbers or names) and more groups by the texts of the two
// files, as Docker does: a number needs no entry, a name does. Throws Failure with Docker's words.
Identity find_identity(const std::string& user, const std::vector<std::string>& more_groups,
                       const std::string& passwd, const std::string& group);

// Step 11, in the new root: sets the launch's user, and HOME where nobody did.
void choose_identity(Launch& launch);
