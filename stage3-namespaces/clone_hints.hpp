// What the kernel means when it refuses to make namespaces; its own words mislead. clone(2),
// ERRORS.
#pragma once

#include <string>

#include "stage3-namespaces/namespaces.hpp"

// The reason and the way out for an errno of clone, in one line; empty when the errno says it all.
std::string hint_for_clone(int error, NamespaceSet namespaces);
