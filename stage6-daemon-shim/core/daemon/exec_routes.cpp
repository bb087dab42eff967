// exec: made, started with its streams, looked at.

#include <algorithm>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/client_channel.hpp"
#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/stream_types.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

// How long output is read that somebody holds open who outlives the process.
static constexpr auto kDrainMax = std::chrono::seconds{2};

static ExecCommand parse_command(const JsonReader& body) {
    ExecCommand command;
    command.args = body.get_words("Cmd");
    if (command.args.empty()) throw HttpError{400, "No exec command specified"};
    command.env = body.get_strings("Env");
    command.cwd = body.get_string("WorkingDir");
    command.user = body.get_string("User");
    command.terminal = body.get_bool("Tty");
    command.privileged = body.get_bool("Privileged");
    return command;
}

static void check_terminal(const Daemon& daemon) {
    for (const DaemonFeature& feature : daemon.features) {
        const auto& fields = feature.config_fields;
        if (std::ranges::find(fields, "Tty") != fields.end()) return;
    }
    throw HttpError{400, "exec: a terminal is not built in"};
}

static Task<void> create(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const ContainerPointer container = daemon.table.find(name);
    const Json body = co_await request.read_json();
    const JsonReader reader{body};
    if (reader.get_bool("Tty")) check_terminal(daemon);
    const ExecPointer session = daemon.execs.create(container, name, parse_command(reader));
    session->wants_input = reader.get_bool("AttachStdin");
    session->wants_output = reader.get_bool("AttachStdout");
    session->wants_error = reader.get_bool("AttachStderr");
    session->detach_keys = reader.get_string("DetachKeys");
    Json answer = Json::object({{"Id", session->id}});
    co_await responder.send_json(201, std::move(answer));
}

static Task<void> inspect(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ExecPointer session = daemon.execs.find(request.parameter("id"));
    const ExecCommand& command = session->command;
    const std::vector<std::string> rest(command.args.begin() + 1, command.args.end());
    Json answer = Json::object({
        {"ID", session->id},
        {"Running", session->running},
        {"ExitCode", nullptr},
        {"ProcessConfig", Json::object({{"tty", command.terminal},
                                        {"entrypoint", command.args[0]},
                                        {"arguments", Json::array(rest)},
                                        {"privileged", command.privileged},
                                        {"user", command.user}})},
        {"OpenStdin", session->wants_input},
        {"OpenStderr", session->wants_error},
        {"OpenStdout", session->wants_output},
        {"CanRemove", false},
        {"ContainerID", session->container->id},
        {"DetachKeys", session->detach_keys},
        {"Pid", session->pid},
    });
    if (session->exit_code) answer["ExitCode"] = *session->exit_code;
    co_await responder.send_json(200, std::move(answer));
}

// --- its streams --------------------------------------------------------------------------------

// All of one stream of the process's, to its end. A terminal's is an error, EIO.
static Task<void> pump_output(Stream& from, StreamType type, ClientChannel& client, int& open_ends,
                              ExecPointer session) {
    ReadResult result = ReadResult::data;
    while (result == ReadResult::data) {
        co_await client.send(type, from.buffered());
        from.consume(from.buffered().size());
        try {
            result = co_await from.fill();
        } catch (const SystemError&) {
            result = ReadResult::end;
        }
    }
    --open_ends;
    session->changed.notify_all();
}

// At the client's end of input the process sees its own.
static Task<void> pump_input(Fd to, ClientChannel& client, EventLoop& loop) {
    Stream process{loop, std::move(to), Stream::Kind::pipe};
    try {
        while (true) {
            const ClientChannel::Received received = co_await client.receive();
            if (received != ClientChannel::Received::data) co_return;
            co_await process.write(client.input());
        }
    } catch (const std::exception&) {
        // The process reads no more, or the client's WebSocket makes no sense.
    }
}

// Until the process has ended and all that it printed is on its way. A client that goes changes
// nothing: what it would have got is read and dropped, so that the process is never held up.
static Task<void> serve_streams(Daemon& daemon, ExecPointer session, ExecStreams streams,
                                ClientChannel& client) {
    std::optional<Stream> output, error;
    std::optional<ScopedTask> output_task, error_task, input_task;
    int open_ends = 0;
    const auto begin = [&](Fd& fd, StreamType type, std::optional<Stream>& stream,
                           std::optional<ScopedTask>& task) {
        if (!fd) return;
        ++open_ends;
        stream.emplace(daemon.loop, std::move(fd), Stream::Kind::pipe);
        task.emplace(daemon.loop, pump_output(*stream, type, client, open_ends, session));
    };
    begin(streams.output, StreamType::standard_output, output, output_task);
    begin(streams.error, StreamType::standard_error, error, error_task);
    if (streams.input) {
        input_task.emplace(daemon.loop, pump_input(std::move(streams.input), client, daemon.loop));
    }
    while (!session->exit_code) co_await session->changed.wait();
    const Deadline drained = Clock::now() + kDrainMax;
    while (open_ends > 0) {
        const Wake wake = co_await session->changed.wait(drained);
        if (wake == Wake::timed_out) break;
    }
    input_task.reset();
    co_await client.farewell();
}

// Docker tells in the stream itself why a command could not be started.
static Task<void> run_with_client(Daemon& daemon, ExecPointer session, ClientChannel& client) {
    std::string problem;
    try {
        ExecStreams streams = co_await daemon.execs.start(session);
        co_await serve_streams(daemon, session, std::move(streams), client);
        co_return;
    } catch (const std::exception& error) {
        problem = std::string{error.what()} + "\r\n";
    }
    co_await client.send(StreamType::standard_output, problem);
    co_await client.farewell();
}

static Task<void> start(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ExecPointer session = daemon.execs.find(request.parameter("id"));
    Json body = Json::object();
    if (request.has_body()) body = co_await request.read_json();
    const JsonReader reader{body};
    if (reader.get_bool("Detach")) {
        session->wants_input = session->wants_output = session->wants_error = false;
        try {
            co_await daemon.execs.start(session);
        } catch (const ExecFailed& error) {
            throw HttpError{400, error.what()};
        }
        co_return co_await responder.send(200);
    }
    if (session->started) co_await daemon.execs.start(session);  // says why not
    const bool framed = !session->command.terminal;
    co_await responder.hijack(stream_type(framed, request));
    ClientChannel client{responder.stream(),
                         framed ? ClientChannel::Form::framed : ClientChannel::Form::raw};
    co_await run_with_client(daemon, session, client);
}

// The article's: it starts the exec and is its stream.
static Task<void> start_over_websocket(Daemon& daemon, HttpRequest& request,
                                       HttpResponder& responder) {
    const ExecPointer session = daemon.execs.find(request.parameter("id"));
    if (session->started) co_await daemon.execs.start(session);  // says why not
    co_await responder.hijack_websocket();
    ClientChannel client{responder.stream(), ClientChannel::Form::websocket};
    co_await run_with_client(daemon, session, client);
}

std::vector<Route> exec_routes(Daemon& daemon) {
    return {route(daemon, "POST", "/containers/{id}/exec", create),
            route(daemon, "POST", "/exec/{id}/start", start),
            route(daemon, "GET", "/exec/{id}/ws", start_over_websocket),
            route(daemon, "GET", "/exec/{id}/json", inspect)};
}
