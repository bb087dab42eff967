// `rmi` and `image prune`: what may go, and what goes with it.
#pragma once

#include <string>

#include "stage6-daemon-shim/core/json/json.hpp"

struct Daemon;

// By a name: takes the name away, and the image with its last one. By an id: the image, with its
// name if it has but one. Returns [{"Untagged":"a:b"},{"Deleted":"sha256:..."}]. Throws HttpError:
// 404, and 409 with Docker's words for an image that is used or has several names.
Json remove_image(Daemon& daemon, const std::string& as_given, bool force);

// Removes those that no container uses: only the nameless, or all that `wanted` says.
Json prune_images(Daemon& daemon, const std::string& filters);

// Removes the layers that belong to no image any more: now those whose containers have gone, too,
// and from now on when the last container of one goes.
void keep_layers_clear(Daemon& daemon);
