// logs: what a container has printed, and goes on to print.
#include "stage6-daemon-shim/core/client/attach.hpp"
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/client/stream_output.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

struct LogsRequest {
    std::string id, tail{"all"}, since, until;
    bool follow = false;
    bool timestamps = false;
    bool details = false;
    bool is_terminal = false;
};

static StreamFormat format_of(const LogsRequest& request, const HttpConnection& stream) {
    if (request.follow) return format_with_offsets(stream, request.is_terminal);
    return request.is_terminal ? StreamFormat::raw : StreamFormat::frames;
}

// From the beginning that was asked for, or from an offset on.
static ApiTarget logs_target(const LogsRequest& request, const std::string& offset) {
    ApiTarget target{"/containers/", request.id, "/logs"};
    target.with("stdout", "1").with("stderr", "1");
    target.with_flag("follow", request.follow).with_flag("timestamps", request.timestamps);
    target.with_flag("details", request.details).with_text("until", request.until);
    target.with_flag("offsets", request.follow);
    if (!offset.empty()) return target.with("offset", offset);
    return target.with("tail", request.tail).with_text("since", request.since);
}

// Shows one answer to its end. True when that is the log's; false when the daemon went away and
// the log can be read on: from `offset`, or anew while that is empty.
static bool show_stream(HttpConnection stream, StreamFormat format, std::string& offset) {
    StreamOutput output{format, offset};
    try {
        std::string bytes;
        while (stream.receive(bytes)) {
            output.feed(std::move(bytes));
            output.write_all();
            bytes.clear();
        }
        return true;
    } catch (const ConnectionLost&) {
        if (!output.counts_offsets()) throw;
        offset = output.offset();
        return false;
    }
}

int run_command_logs(const Command& command) {
    LogsRequest request;
    const auto moment = [](std::string& value, std::string_view what) {
        return [&value, what](std::string_view text) { value = parse_moment(text, what); };
    };
    const auto name = command.parse_names(
        {"[OPTIONS] CONTAINER",
         "Shows what a container has printed. With --follow it goes on until the container ends,\n"
         "also when the daemon is restarted meanwhile.",
         "logs -f --tail 10 web"},
        {switch_option("-f --follow", "go on with what is printed from now on", request.follow),
         text_option("-n --tail", "N", "only the last N lines", request.tail),
         switch_option("-t --timestamps", "each line behind its time", request.timestamps),
         {"--since", "TIME", "only from then on: 10m, 2026-01-02T15:04:05",
          moment(request.since, "--since")},
         {"--until", "TIME", "only up to then", moment(request.until, "--until")},
         switch_option("--details", "each line behind the container's labels", request.details)},
        1, 1)[0];
    ApiClient& api = command.api();
    const Json inspected = api.get(ApiTarget{"/containers/", name, "/json"});
    const JsonReader container{inspected};
    request.id = container.get_string("Id");
    request.is_terminal = container.get_object("Config").get_bool("Tty");
    std::string offset;
    HttpConnection stream = api.open_stream("GET", logs_target(request, offset));
    while (true) {
        const StreamFormat format = format_of(request, stream);
        const bool is_all = show_stream(std::move(stream), format, offset);
        if (is_all) return 0;
        stream =
            when_reachable([&] { return api.open_stream("GET", logs_target(request, offset)); });
    }
}
