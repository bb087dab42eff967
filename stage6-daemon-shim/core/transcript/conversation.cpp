#include "stage6-daemon-shim/core/transcript/conversation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/transcript/wire_text.hpp"

static constexpr std::size_t kJsonBytesKept = 1u << 20;
static constexpr int kSwitchingProtocols = 101;

// --- where it is written ------------------------------------------------------------------------

static Fd open_log(const std::string& path) {
    if (path == "-") {
        return Fd{check(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), "dup", "standard error")};
    }
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    return Fd{check(::open(path.c_str(), flags, 0600), "open", path)};
}

WireLog::WireLog(const std::string& path) : file_{open_log(path)} {}

std::unique_ptr<Conversation> WireLog::begin() {
    return std::make_unique<Conversation>(*this, ++connections_);
}

void WireLog::tell(const std::string& prefix, std::string_view text) const try {
    std::string lines = prefix;
    for (const char letter : text) {
        lines += letter;
        if (letter == '\n') lines.append(prefix.size(), ' ');
    }
    write_all(file_.get(), lines + "\n", "wire");
} catch (const SystemError&) {
    // Nobody reads it any more, or there is no room for it.
}

// --- both sides ---------------------------------------------------------------------------------

static WebSocketDecoder decoder_of(WebSocketDecoder::Side side) {
    return WebSocketDecoder{side, 1u << 20, WebSocketDecoder::LongMessage::in_pieces};
}

Conversation::Conversation(const WireLog& log, unsigned number)
    : log_{log},
      client_{std::to_string(number) + " -> ", "stdin ",
              decoder_of(WebSocketDecoder::Side::server)},
      daemon_{std::to_string(number) + " <- ", "", decoder_of(WebSocketDecoder::Side::client)} {}

void Conversation::take(Side& side, std::string_view bytes) {
    side.input += bytes;
    try {
        while (!side.input.empty() && step(side)) {
        }
    } catch (const std::exception& error) {
        tell(side, std::string{"not understood: "} + error.what());
        side.state = State::stream;
        side.is_framed = false;
        take_stream(side, std::exchange(side.input, {}));
    }
}

// False when it takes more bytes to go on.
bool Conversation::step(Side& side) {
    switch (side.state) {
        case State::head: return take_head(side);
        case State::waiting: return false;
        case State::body: take_body(side); return true;
        case State::stream: take_stream(side, std::exchange(side.input, {})); return true;
        case State::websocket: take_messages(side); return false;
    }
    return false;
}

// --- heads --------------------------------------------------------------------------------------

bool Conversation::take_head(Side& side) {
    HeadScanner scanner;
    const std::size_t length = scanner.scan(side.input);
    if (length == 0) return false;
    const std::string text = side.input.substr(0, length);
    side.input.erase(0, length);
    if (&side == &client_) {
        take_request(text);
    } else {
        take_answer(text);
    }
    return true;
}

static std::string version_of(const MessageHead& head) {
    return "HTTP/1." + std::to_string(head.minor_version);
}

void Conversation::take_request(std::string_view text) {
    RequestHead head;
    parse_request_head(text, head);
    const std::string method{head.method};
    tell(client_,
         head_text(method + " " + std::string{head.target} + " " + version_of(head), head));
    methods_.push_back(method);
    asks_for_upgrade_ = head.header_has_word("Connection", "Upgrade");
    begin_body(client_, head);
}

void Conversation::take_answer(std::string_view text) {
    ResponseHead head;
    parse_response_head(text, methods_.empty() ? "GET" : methods_.front(), head);
    tell(daemon_, head_text(version_of(head) + " " + std::to_string(head.status) + " " +
                                std::string{head.reason},
                            head));
    if (head.status == kSwitchingProtocols) return begin_streams(head);
    if (head.status < 200) return;
    if (!methods_.empty()) methods_.pop_front();
    if (client_.state == State::waiting) client_.state = State::head;
    begin_body(daemon_, head);
    // curl's way to attach: no upgrade, and yet what follows is a stream both ways.
    if (head.framing == Framing::until_close && daemon_.content == Content::stream) {
        begin_streams(head);
    }
    take(client_, {});
}

void Conversation::begin_body(Side& side, const MessageHead& head) {
    const std::string_view type = head.header("Content-Type");
    side.content = type.find("json") != std::string_view::npos   ? Content::json
                   : type.starts_with("application/vnd.docker.") ? Content::stream
                   : type.starts_with("application/x-tar") || type == "application/octet-stream"
                       ? Content::archive
                       : Content::data;
    side.is_framed.reset();
    side.body = BodyDecoder{head};
    side.has_lines = head.framing != Framing::length;
    side.state = side.body.done() ? state_after_body(side) : State::body;
}

Conversation::State Conversation::state_after_body(const Side& side) const {
    return &side == &client_ && asks_for_upgrade_ ? State::waiting : State::head;
}

void Conversation::begin_streams(const ResponseHead& head) {
    const bool is_websocket = equal_ignoring_case(head.header("Upgrade"), "websocket");
    client_.state = daemon_.state = is_websocket ? State::websocket : State::stream;
    client_.is_framed = false;
    daemon_.is_framed.reset();
    take(client_, {});
}

// --- bodies -------------------------------------------------------------------------------------

void Conversation::take_body(Side& side) {
    std::string bytes;
    side.input.erase(0, side.body.decode(side.input, bytes));
    if (!bytes.empty()) {
        switch (side.content) {
            case Content::data: tell(side, data_text(bytes)); break;
            case Content::json: take_json(side, bytes); break;
            case Content::archive: side.archive_bytes += bytes.size(); break;
            case Content::stream: take_stream(side, bytes); break;
        }
    }
    if (!side.body.done()) return;
    tell_rest(side);
    side.state = state_after_body(side);
}

// An answer that goes on for ever (events, stats) has a value in each line.
void Conversation::take_json(Side& side, std::string_view bytes) {
    side.text += bytes;
    std::size_t end = 0;
    while (side.has_lines && (end = side.text.find('\n')) != std::string::npos) {
        if (end > 0) tell(side, json_text(side.text.substr(0, end)));
        side.text.erase(0, end + 1);
    }
    if (side.text.size() > kJsonBytesKept) tell(side, data_text(std::exchange(side.text, {})));
}

void Conversation::tell_rest(Side& side) {
    if (!side.text.empty()) tell(side, json_text(std::exchange(side.text, {})));
    const std::size_t count = std::exchange(side.archive_bytes, 0);
    if (count > 0) tell(side, std::to_string(count) + " bytes of an archive");
}

// --- streams ------------------------------------------------------------------------------------

// Before version 1.42 of the interface the head does not say whether there are frames.
static bool begins_like_frame(std::string_view bytes) {
    constexpr std::string_view zeros{"\0\0\0", 3};
    return bytes.size() >= 4 && static_cast<unsigned char>(bytes[0]) <= 3 &&
           bytes.substr(1, 3) == zeros;
}

void Conversation::take_stream(Side& side, std::string_view bytes) {
    constexpr std::array<std::string_view, 4> names = {"stdin", "stdout", "stderr", "error"};
    if (bytes.empty()) return;
    if (!side.is_framed) side.is_framed = begins_like_frame(bytes);
    if (!*side.is_framed) return tell(side, side.input_name + data_text(bytes));
    while (const auto piece = side.frames.next(bytes)) {
        const std::string name{names.at(static_cast<std::size_t>(piece->type))};
        tell(side, name + " " + data_text(piece->bytes));
    }
}

static std::string_view name_of(WebSocketOpcode opcode) {
    switch (opcode) {
        case WebSocketOpcode::continuation: return "continuation";
        case WebSocketOpcode::text: return "text";
        case WebSocketOpcode::binary: return "binary";
        case WebSocketOpcode::close: return "close";
        case WebSocketOpcode::ping: return "ping";
        case WebSocketOpcode::pong: return "pong";
    }
    return "message";
}

void Conversation::take_messages(Side& side) {
    std::string_view bytes = side.input;
    while (const auto message = side.messages.next(bytes)) {
        tell(side, std::string{name_of(message->opcode)} + " " + data_text(message->payload));
    }
    side.input.clear();  // the decoder keeps what is not whole yet
}

void Conversation::end(Side& side) {
    if (std::exchange(side.has_ended, true)) return;
    tell_rest(side);
    tell(side, "end");
}
