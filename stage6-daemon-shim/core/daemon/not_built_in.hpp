// What a create request may ask for: everything else is refused by name, never accepted and
// ignored.
#pragma once

#include <span>

#include "stage6-daemon-shim/core/daemon/feature.hpp"

// Whether the field asks for nothing: it is zero, or says what is so anyway.
bool is_default(const JsonMember& member);

// Clients send every field with its zero value, so zero means "not asked". Throws HttpError 400
// naming the first field that asks for something that this engine does not have.
void refuse_what_is_not_built_in(const Json& body, std::span<const DaemonFeature> features);
