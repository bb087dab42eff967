// What a container takes from its image where the request says nothing.
#pragma once

#include "stage6-daemon-shim/core/json/json.hpp"

// The body of a create request with the members that it leaves to the image ("config" of the
// image's configuration): Env, Labels, User, WorkingDir, StopSignal, ExposedPorts, Healthcheck, and
// Entrypoint and Cmd as Docker has it: a request's Entrypoint drops the image's Cmd, and [""] is
// none at all. Not Volumes: they are the container's own directories (see LaunchPlace).
// Throws JsonError.
Json with_image_defaults(Json body, const Json& image_config);
