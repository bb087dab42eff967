// attach and logs: both read the container's log (log_follow.hpp).

#include <cstdlib>
#include <optional>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/log_follow.hpp"
#include "stage6-daemon-shim/core/daemon/shim_client.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::string_view kFramed = "application/vnd.docker.multiplexed-stream";
static constexpr std::string_view kRaw = "application/vnd.docker.raw-stream";
// Before this version of the API clients know the second type alone.
static constexpr int kFramedSinceMinor = 42;

static std::string_view stream_type(const Container& container, const HttpRequest& request) {
    const bool framed =
        !container.has_terminal() && request.api_minor_version() >= kFramedSinceMinor;
    return framed ? kFramed : kRaw;
}

static LogSelection parse_selection(const Query& query) {
    LogSelection selection;
    selection.standard_output = query.flag("stdout");
    selection.standard_error = query.flag("stderr");
    selection.timestamps = query.flag("timestamps");
    selection.offsets = query.flag("offsets");
    if (query.has("since")) selection.since = parse_unix_time(query.get("since", "0"), "since");
    if (query.has("until")) selection.until = parse_unix_time(query.get("until", "0"), "until");
    return selection;
}

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
    const ContainerPointer container = daemon.table.find(request.parameter("id"));
    const LogSelection selection = parse_selection(request.query());
    if (!selection.standard_output && !selection.standard_error) {
        throw HttpError{400, "Bad parameters: you must choose at least one stream"};
    }
    LogReader reader{container};
    reader.open();  // what is wrong with it is said before the answer begins
    seek(reader, request.query());
    const bool follow = request.query().flag("follow");
    co_await responder.start_stream(200, stream_type(*container, request));
    const auto write = [&](std::string_view bytes) { return responder.write(bytes); };
    const auto is_over = [&] { return !follow || container->state != State::running; };
    co_await follow_log(daemon.log_watch, container, std::move(reader), selection, write, is_over);
}

// From the client to the container's stdin, once it runs. True when it was the client that ended
// its input, not the container that reads no more.
static Task<bool> pump_input(Daemon& daemon, ContainerPointer container, Stream& client) {
    while (container->state != State::running) co_await container->changed.wait();
    ShimMessage answer = co_await ask_shim(daemon.loop, container, "stdin");
    if (answer.descriptors.empty()) co_return false;
    Stream input{daemon.loop, std::move(answer.descriptors[0]), Stream::Kind::pipe};
    ReadResult result = ReadResult::data;
    while (result == ReadResult::data) {
        co_await input.write(client.buffered());
        client.consume(client.buffered().size());
        result = co_await client.fill();
    }
    co_return true;
}

// At the client's end of input the container sees its own, where it was made for one client alone
// (StdinOnce). Otherwise its stdin stays open for the next one, and this attachment is `over`.
static Task<void> serve_input(Daemon& daemon, ContainerPointer container, Stream& client,
                              bool& over) {
    try {
        const bool client_ended = co_await pump_input(daemon, container, client);
        if (!client_ended) co_return;
        const JsonReader config = JsonReader{container->config}.get_object("Config");
        if (config.get_bool("StdinOnce")) {
            co_await ask_shim(daemon.loop, container, "close-stdin");
        } else {
            over = true;
            container->changed.notify_all();
        }
    } catch (const std::exception&) {
        // The container reads no more or has ended, or the client is gone: the output goes on as
        // long as there is somebody to have it.
    }
}

static Task<void> attach(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const ContainerPointer container = daemon.table.find(name);
    const Verdict verdict = judge(container->state, Verb::attach, container->id, name);
    if (verdict.status >= 400) throw HttpError{verdict.status, verdict.message};
    const Query& query = request.query();
    const LogSelection selection = parse_selection(query);
    LogReader reader{container};
    reader.open();
    if (!query.flag("logs")) reader.seek_to_end();
    const bool stream = query.flag("stream");
    const bool any = selection.standard_output || selection.standard_error || query.flag("stdin");
    // The exit that ends it: of this run, or of the next one where none is on.
    const unsigned exits = container->exits;
    co_await responder.hijack(stream_type(*container, request));
    if (stream && !any) co_return;

    const bool wants_input =
        JsonReader{container->config}.get_object("Config").get_bool("OpenStdin");
    bool input_over = false;
    std::optional<ScopedTask> input;
    if (stream && query.flag("stdin") && wants_input) {
        input.emplace(daemon.loop, serve_input(daemon, container, responder.stream(), input_over));
    }
    const auto write = [&](std::string_view bytes) { return responder.stream().write(bytes); };
    const auto is_over = [&] {
        return !stream || input_over || container->exits != exits || container->removed;
    };
    co_await follow_log(daemon.log_watch, container, std::move(reader), selection, write, is_over);
}

std::vector<Route> stream_routes(Daemon& daemon) {
    return {route(daemon, "GET", "/containers/{id}/logs", logs, WhenGone::cancel),
            route(daemon, "POST", "/containers/{id}/attach", attach, WhenGone::cancel)};
}
