// logs: reads the container's log (log_follow.hpp).

#include <cstdlib>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/log_follow.hpp"
#include "stage6-daemon-shim/core/daemon/stream_types.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

// `offset`, in hexadecimal, is where our own clients go on after a restart of the daemon.
static void seek(LogReader& reader, const Query& query) {
    const std::string offset = query.get("offset");
    const std::string tail = query.get("tail", "all");
    if (!offset.empty()) {
        char* end = nullptr;
        reader.seek(std::strtoull(offset.c_str(), &end, 16));
        if (*end != '\0') throw HttpError{400, "invalid value for offset: " + printable(offset)};
    } else if (tail.find_first_not_of("0123456789") == std::string::npos && !tail.empty()) {
        reader.seek_to_last_lines(std::strtoull(tail.c_str(), nullptr, 10));
    }
}

static Task<void> logs(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const LogSelection selection = parse_selection(request.query());
    if (!selection.standard_output && !selection.standard_error) {
        throw HttpError{400, "Bad parameters: you must choose at least one stream"};
    }
    const std::string name = request.parameter("id");
    const ContainerPointer container = daemon.table.find(name);
    must_act(*container, Verb::logs, name);
    LogReader reader{container};
    reader.open();  // what is wrong with it is said before the answer begins
    seek(reader, request.query());
    const bool follow = request.query().flag("follow");
    const bool framed = !container->has_terminal() || selection.offsets;
    co_await responder.start_stream(200, stream_type(framed, request));
    const auto write = [&](std::string_view bytes) { return responder.write(bytes); };
    const auto is_over = [&] { return !follow || !is_alive(container->state); };
    co_await follow_log(daemon.log_watch, container, std::move(reader), selection, write, is_over);
}

std::vector<Route> log_routes(Daemon& daemon) {
    return {route(daemon, "GET", "/containers/{id}/logs", logs, WhenGone::cancel)};
}
