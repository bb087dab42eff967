// Answers that are one JSON object after another.
#pragma once

#include <functional>

#include "stage6-daemon-shim/core/client/http_connection.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"

// Calls `take` with each object as it comes, until the answer's end. Objects are separated by
// newlines. Throws ConnectionLost, JsonError, Failure for a line of more than 1 MiB, and what
// `take` throws.
void for_each_json(HttpConnection& answer, const std::function<void(const Json&)>& take);
