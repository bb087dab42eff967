// The command that draws a container, and the option that explains how one is made.
#pragma once

#include "stage6-daemon-shim/core/client/create_request.hpp"

ClientFeature show_in_client();
