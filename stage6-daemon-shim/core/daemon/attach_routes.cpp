// attach: what the container prints comes from its log (log_follow.hpp), what the client sends goes
// into its stdin.

#include <fcntl.h>

#include <optional>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/client_channel.hpp"
#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/log_follow.hpp"
#include "stage6-daemon-shim/core/daemon/shim_client.hpp"
#include "stage6-daemon-shim/core/daemon/stream_types.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

struct AttachRequest {
    ContainerPointer container;
    LogSelection selection;
    bool stream = false, input = false;
    bool logs = false;  // what it has printed so far, too
};

static AttachRequest parse_attach(Daemon& daemon, const HttpRequest& request) {
    const std::string name = request.parameter("id");
    AttachRequest asked;
    asked.container = daemon.table.find(name);
    const Container& container = *asked.container;
    const Verdict verdict = judge(container.state, Verb::attach, container.id, name);
    if (verdict.status >= 400) throw HttpError{verdict.status, verdict.message};
    const Query& query = request.query();
    asked.selection = parse_selection(query);
    asked.stream = query.flag("stream");
    asked.input = query.flag("stdin");
    asked.logs = query.flag("logs");
    return asked;
}

// From the client to the container's stdin, once it runs. True when it was the client that ended
// its input, not the container that reads no more.
static Task<bool> pump_input(Daemon& daemon, ContainerPointer container, ClientChannel& client) {
    while (!is_alive(container->state)) co_await container->changed.wait();
    ShimMessage answer = co_await ask_shim(daemon.loop, container, "stdin");
    if (answer.descriptors.empty()) co_return false;
    Fd end = std::move(answer.descriptors[0]);
    // A container that does not read must not hold the daemon up.
    check(::fcntl(end.get(), F_SETFL, ::fcntl(end.get(), F_GETFL) | O_NONBLOCK), "fcntl F_SETFL");
    Stream input{daemon.loop, std::move(end), Stream::Kind::pipe};
    while (true) {
        const ClientChannel::Received received = co_await client.receive();
        if (received != ClientChannel::Received::data) co_return true;
        co_await input.write(client.input());
    }
}

// How long the container has to answer the last of its input: half a second, in small steps. Where
// the machine is so busy that an answer takes longer, they do too.
static constexpr int kLastWordsSteps = 50;
static constexpr auto kLastWordsStep = std::chrono::milliseconds{10};

static Task<void> wait_for_last_words(EventLoop& loop) {
    for (int step = 0; step < kLastWordsSteps; ++step) co_await loop.sleep_for(kLastWordsStep);
}

// At the client's end of input the container sees its own, where it was made for one client alone
// (StdinOnce) or the client said so in words. Otherwise its stdin stays open for the next one, and
// this attachment is `over`.
static Task<void> serve_input(Daemon& daemon, ContainerPointer container, ClientChannel& client,
                              bool& over) {
    try {
        const bool client_ended = co_await pump_input(daemon, container, client);
        if (!client_ended) co_return;
        const JsonReader config = JsonReader{container->config}.get_object("Config");
        const bool once = config.get_bool("StdinOnce") && !container->has_terminal();
        if (once || client.said_end()) {
            co_await ask_shim(daemon.loop, container, "close-stdin");
        } else {
            co_await wait_for_last_words(daemon.loop);
            over = true;
            container->changed.notify_all();
        }
    } catch (const std::exception&) {
        // The container reads no more or has ended, or the client is gone: the output goes on as
        // long as there is somebody to have it.
    }
}

// The other half of its life: announced also when the handler is destroyed where it waits.
class Attached {
public:
    Attached(Daemon& daemon, ContainerPointer container)
        : daemon_{daemon}, container_{std::move(container)} {
        daemon_.announcements.of_container(*container_, "attach");
    }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;
    // Docker says it only of those who leave before the container has ended.
    ~Attached() {
        if (is_alive(container_->state)) {
            daemon_.announcements.of_container(*container_, "detach");
        }
    }

private:
    Daemon& daemon_;
    ContainerPointer container_;
};

static Task<void> serve(Daemon& daemon, AttachRequest asked, LogReader reader, unsigned exits,
                        ClientChannel& client) {
    const ContainerPointer container = asked.container;
    const Attached attached{daemon, container};
    const bool wants_input =
        JsonReader{container->config}.get_object("Config").get_bool("OpenStdin");
    bool input_over = false;
    std::optional<ScopedTask> input;
    if (asked.stream && asked.input && wants_input) {
        input.emplace(daemon.loop, serve_input(daemon, container, client, input_over));
    }
    const auto write = [&](std::string_view bytes) { return client.send_framed(bytes); };
    const auto is_over = [&] {
        return !asked.stream || input_over || container->exits != exits || container->removed;
    };
    co_await follow_log(daemon.log_watch, container, std::move(reader), asked.selection, write,
                        is_over);
    input.reset();
    co_await client.farewell();
}

// Opened before the answer begins, so that what is wrong with it can be said.
static LogReader open_log(const AttachRequest& asked) {
    LogReader reader{asked.container};
    reader.open();
    if (!asked.logs) reader.seek_to_end();
    return reader;
}

static Task<void> attach(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    AttachRequest asked = parse_attach(daemon, request);
    LogReader reader = open_log(asked);
    // The exit that ends it: of this run, or of the next one where none is on.
    const unsigned exits = asked.container->exits;
    const bool framed = !asked.container->has_terminal() || asked.selection.offsets;
    co_await responder.hijack(stream_type(framed, request));
    const LogSelection& selection = asked.selection;
    const bool any = selection.standard_output || selection.standard_error || asked.input;
    if (asked.stream && !any) co_return;
    ClientChannel client{responder.stream(),
                         framed ? ClientChannel::Form::framed : ClientChannel::Form::raw};
    co_await serve(daemon, std::move(asked), std::move(reader), exits, client);
}

// Before this version of the API a WebSocket has all three streams, whatever is asked for.
static constexpr int kStreamsChosenSinceMinor = 42;

static Task<void> attach_websocket(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    AttachRequest asked = parse_attach(daemon, request);
    const bool all = request.api_minor_version() < kStreamsChosenSinceMinor;
    if (all) asked.selection.standard_output = asked.selection.standard_error = true;
    asked.input = asked.input || all;
    asked.selection.framed = false;
    LogReader reader = open_log(asked);
    const unsigned exits = asked.container->exits;
    co_await responder.hijack_websocket();
    ClientChannel client{responder.stream(), ClientChannel::Form::websocket};
    co_await serve(daemon, std::move(asked), std::move(reader), exits, client);
}

std::vector<Route> attach_routes(Daemon& daemon) {
    return {route(daemon, "POST", "/containers/{id}/attach", attach, WhenGone::cancel),
            route(daemon, "GET", "/containers/{id}/attach/ws", attach_websocket, WhenGone::cancel)};
}
