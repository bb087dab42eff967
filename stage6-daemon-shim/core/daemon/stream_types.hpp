// What a request says of the stream that it wants, and how that is called in the answer.
#pragma once

#include <string_view>

#include "stage6-daemon-shim/core/daemon/log_follow.hpp"
#include "stage6-daemon-shim/core/server/http_exchange.hpp"

// `framed`: two streams in Docker's frames rather than a terminal's one. Before version 1.42 of the
// API clients know one type alone.
std::string_view stream_type(bool framed, const HttpRequest& request);

// Which of a log's entries. Throws HttpError 400 for a time that is none.
LogSelection parse_selection(const Query& query);
