// From a create request to config.json: what was asked, and the launch spec for the shim.
#pragma once

#include <string>
#include <vector>

#include "stage6-daemon-shim/core/daemon/container.hpp"
#include "stage6-daemon-shim/core/daemon/feature.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"

struct LaunchPlace {
    std::string image;     // the directory of the image's root
    std::string image_id;  // "sha256:..."
    // The image's volumes. While there are no volumes of their own, they are plain directories of
    // the container: made if missing, and gone with it.
    std::vector<std::string> directories{};
    bool overlay = true;  // false: a copy of the image, since overlay can't be had here
    bool isolated_by_default = true;
    UserMapSpec user_map{};
    ResourceLimitSpec descriptors{};
    std::span<const DaemonFeature> features{};
};

// Checks the body of POST /containers/create and makes the whole of config.json. `container` has
// its id, name and directory already. Throws HttpError 400 and JsonError; also for what is asked
// and not there: nothing is accepted and ignored.
Json plan_launch(const Json& body, const Container& container, const LaunchPlace& place);

// `none` or not, from HostConfig.Isolation. Throws HttpError 400 for another word.
bool wants_isolation(const Json& body, bool by_default);
