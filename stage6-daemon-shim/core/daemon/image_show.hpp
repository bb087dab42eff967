// Images as the API shows them.
#pragma once

#include "stage6-daemon-shim/core/daemon/image_store.hpp"

// An element of GET /images/json. Before version 1.43 of the API an image without a name has one
// in angle brackets.
Json summary_of(const ImageStore& images, const Image& image, int api_minor_version);

// The answers of GET /images/{name}/json and /images/{name}/history.
Json inspection_of(const ImageStore& images, const Image& image);
Json history_of(const ImageStore& images, const Image& image);
