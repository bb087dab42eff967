#include "stage6-daemon-shim/core/daemon/stream_types.hpp"

static constexpr std::string_view kFramed = "application/vnd.docker.multiplexed-stream";
static constexpr std::string_view kRaw = "application/vnd.docker.raw-stream";
static constexpr int kFramedSinceMinor = 42;

std::string_view stream_type(bool framed, const HttpRequest& request) {
    return framed && request.api_minor_version() >= kFramedSinceMinor ? kFramed : kRaw;
}

LogSelection parse_selection(const Query& query) {
    LogSelection selection;
    selection.standard_output = query.flag("stdout");
    selection.standard_error = query.flag("stderr");
    selection.timestamps = query.flag("timestamps");
    selection.details = query.flag("details");
    selection.offsets = query.flag("offsets");
    if (query.has("since")) selection.since = parse_unix_time(query.get("since", "0"), "since");
    if (query.has("until")) selection.until = parse_unix_time(query.get("until", "0"), "until");
    return selection;
}
