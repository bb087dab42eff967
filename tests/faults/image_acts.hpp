// The image that the script brings in, names, and takes away again.
#pragma once

#include <string>

#include "tests/faults/requests.hpp"

// As made:latest; a directory and a file. Throws what the client throws.
void import_image(const Engine& engine);

// Under which of its names it is there: "made", "made+tagged", "tagged"; "-": it is not. One
// without a name is "nameless".
std::string image_now(const Requests& api);

// Takes it away wherever it is, and waits until nothing of it is left below the engine's root.
// What is left nevertheless; mostly nothing.
std::string clear_images(const Engine& engine, const Requests& api);
