// What a create request mounts into the container: -v, --mount.
#pragma once

#include <vector>

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"

struct PlannedMounts {
    std::vector<MountSpec> specs;
    Json shown;  // the member Mounts of inspect and ps
};

// From HostConfig's Binds and Mounts and the body's Volumes. Throws HttpError 400 with Docker's
// words for what cannot be, and for volumes, which there are not.
PlannedMounts plan_mounts(const JsonReader& config, const JsonReader& host);

// Mounts of others among them: what lies deeper comes later, or it would be hidden.
void sort_mounts(std::vector<MountSpec>& mounts);
