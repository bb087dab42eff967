#include "stage6-daemon-shim/core/client/attach.hpp"

#include <unistd.h>

#include <cstring>

#include "common/file.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr int kInterruptsMax = 3;

static HttpConnection open_attach(ApiClient& api, const AttachRequest& request) {
    ApiTarget target{"/containers/", request.id, "/attach"};
    target.with("stream", "1");
    target.with_flag("stdout", request.output).with_flag("stderr", request.errors);
    target.with_flag("stdin", request.input).with("offsets", "1");
    return api.upgrade(target);
}

StreamFormat format_with_offsets(const HttpConnection& stream, bool is_terminal) {
    const std::string_view type = stream.head().header("Content-Type");
    const bool is_raw = is_terminal && !type.ends_with(".multiplexed-stream");
    return is_raw ? StreamFormat::raw : StreamFormat::frames_with_offset;
}

static StreamSession open_session(ApiClient& api, const AttachRequest& request) {
    HttpConnection stream = open_attach(api, request);
    const StreamFormat format = format_with_offsets(stream, request.is_terminal);
    return StreamSession{std::move(stream), request.input, format,
                         request.from_the_beginning ? std::string(16, '0') : std::string{}};
}

static HttpConnection open_wait(ApiClient& api, const std::string& id, std::string_view condition) {
    return api.open_stream("POST",
                           ApiTarget{"/containers/", id, "/wait"}.with("condition", condition));
}

Attachment::Attachment(ApiClient& api, AttachRequest request)
    : api_{api}, request_{std::move(request)}, session_(open_session(api, request_)) {
    // A terminal that we have changed must be put right whatever signal ends us.
    if (request_.proxy_signals || request_.is_terminal) {
        session_.handle_signals([this](int signal) { take_signal(signal); });
    }
    if (request_.is_terminal && request_.input) {
        session_.detach_at(DetachKeys{request_.detach_keys});
    }
}

void Attachment::wait_for(std::string_view condition) {
    session_.await_result(open_wait(api_, request_.id, condition));
}

int Attachment::run() {
    if (request_.is_terminal) {
        terminal_.emplace(request_.input, [this](TerminalSize size) { send_size(size); });
    }
    if (request_.may_detach) {
        while (!session_.stream_to_end()) resume();
        if (session_.input_ended() && is_running()) return 0;
    }
    while (!session_.stream_to_result()) resume();
    terminal_.reset();
    if (session_.detached()) {
        report_detached();
        return 0;
    }
    return exit_code_from_wait(session_.result());
}

void report_detached() {
    write_all(STDERR_FILENO, "read escape sequence\n", "standard error");
}

void Attachment::send_size(TerminalSize size) {
    try {
        api_.request("POST", ApiTarget{"/containers/", request_.id, "/resize"}
                                 .with("h", std::to_string(size.rows))
                                 .with("w", std::to_string(size.columns)));
    } catch (const Failure&) {
        // It has ended meanwhile, or the daemon is gone: our streams tell.
    }
}

void Attachment::redraw() {
    const TerminalSize size = terminal_size();
    if (!size.known()) return;
    // The kernel tells a terminal's processes of a size only when it is another one.
    send_size({size.rows + 1, size.columns + 1});
    send_size(size);
}

void Attachment::take_signal(int signal) {
    if (terminal_ && terminal_->take_signal(signal)) return;
    if (!request_.proxy_signals) throw EndedBySignal{signal};
    pass_on(signal);
}

bool Attachment::is_running() try {
    const Json inspected = api_.get(ApiTarget{"/containers/", request_.id, "/json"});
    return JsonReader{inspected}.get_object("State").get_bool("Running");
} catch (const Failure&) {
    return false;  // removed, or the daemon is gone: the awaited result tells which
}

void Attachment::pass_on(int signal) {
    if (signal == SIGINT || signal == SIGTERM) ++interrupts_;
    if (interrupts_ == kInterruptsMax) {
        throw GivenUp{"got 3 SIGTERM/SIGINTs, forcefully exiting"};
    }
    try {
        api_.request("POST", ApiTarget{"/containers/", request_.id, "/kill"}.with(
                                 "signal", ::sigabbrev_np(signal)));
    } catch (const Failure&) {
        // It has ended meanwhile, or the daemon is gone: our streams tell.
    }
}

void Attachment::resume() {
    const std::string container = "container " + request_.id.substr(0, 12);
    if (!session_.can_resume()) {
        throw Failure{"the daemon closed the connection; " + container + " goes on without us"};
    }
    try {
        when_reachable([this] { reopen(); });
    } catch (const ApiError& error) {
        throw Failure{"the daemon went away and came back without " + container + ": " +
                      error.what()};
    }
}

void Attachment::reopen() {
    ApiTarget target{"/containers/", request_.id, "/logs"};
    target.with("follow", "1").with("stdout", "1").with("stderr", "1");
    target.with("offsets", "1").with("offset", session_.offset());
    HttpConnection output = api_.open_stream("GET", target);
    // Not next-exit: it may have ended while nobody asked.
    HttpConnection result =
        open_wait(api_, request_.id, request_.auto_remove ? "removed" : "not-running");
    std::optional<HttpConnection> input;
    if (session_.needs_input()) {
        input = api_.upgrade(ApiTarget{"/containers/", request_.id, "/attach"}
                                 .with("stream", "1")
                                 .with("stdin", "1"));
    }
    session_.resume(std::move(output), std::move(result), std::move(input));
}

int exit_code_from_wait(const std::string& body) {
    if (body.empty()) throw ConnectionLost{"error waiting for container: unexpected EOF"};
    const Json json = parse_json(body);
    const JsonReader result{json};
    const std::string message = result.get_object("Error").get_string("Message");
    if (!message.empty()) throw Failure{"Error waiting for container: " + printable(message)};
    return static_cast<int>(result.get_integer("StatusCode"));
}
