#include "stage6-daemon-shim/core/daemon/client_channel.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"

static constexpr auto kHeadPatience = std::chrono::seconds{10};
static constexpr auto kLookAgain = std::chrono::milliseconds{1};

ClientChannel::ClientChannel(Stream& stream, Form form)
    : stream_{stream}, form_{form}, turn_{stream.loop()} {}

// Docker's client for Python loses what it reads together with the answer's head. Nobody is held up
// who reads: what lies in the socket is counted until the other side has taken it (unix(7)).
Task<void> ClientChannel::wait_until_head_is_read() {
    const Deadline patience = Clock::now() + kHeadPatience;
    int unread = 1;
    while (!gone_ && !stream_.gone() && Clock::now() < patience) {
        if (::ioctl(stream_.fd(), SIOCOUTQ, &unread) == -1 || unread == 0) break;
        co_await stream_.loop().sleep_for(kLookAgain);
    }
    head_is_read_ = true;
}

Task<void> ClientChannel::write(std::string_view head, std::string_view bytes) {
    while (writing_) co_await turn_.wait();
    if (gone_) co_return;
    writing_ = true;
    if (!head_is_read_) co_await wait_until_head_is_read();
    try {
        co_await stream_.write_pieces({head, bytes, {}});
    } catch (const PeerGone&) {
        gone_ = true;
    } catch (const SystemError&) {
        gone_ = true;
    }
    writing_ = false;
    turn_.notify_all();
}

Task<void> ClientChannel::send_framed(std::string_view bytes) {
    if (bytes.empty()) co_return;
    if (form_ == Form::websocket) {
        std::string frame;
        append_websocket_frame(frame, WebSocketOpcode::binary, bytes);
        co_await write(frame, {});
    } else {
        co_await write({}, bytes);
    }
}

Task<void> ClientChannel::send(StreamType type, std::string_view bytes) {
    if (form_ == Form::framed && !bytes.empty()) {
        const auto header = stream_frame_header(type, bytes.size());
        co_await write({header.data(), header.size()}, bytes);
    } else {
        co_await send_framed(bytes);
    }
}

// {"stdin_eof": true} in any spelling that JSON allows; other texts are input.
static bool says_end(const std::string& text) {
    try {
        const Json message = parse_json(text);
        const Json* end = message.find("stdin_eof");
        return end != nullptr && end->kind() == Json::Kind::boolean && end->as_bool();
    } catch (const JsonError&) {
        return false;
    }
}

// What of the bytes that have arrived is whole; `data` also when that is nothing yet.
Task<ClientChannel::Received> ClientChannel::take_messages() {
    while (true) {
        std::string_view bytes = stream_.buffered();
        const std::size_t before = bytes.size();
        auto message = decoder_.next(bytes);
        stream_.consume(before - bytes.size());
        if (!message) co_return Received::data;
        if (message->opcode == WebSocketOpcode::close) co_return Received::gone;
        if (message->opcode == WebSocketOpcode::ping) {
            std::string pong;
            append_websocket_frame(pong, WebSocketOpcode::pong, message->payload);
            co_await write(pong, {});
        } else if (message->opcode == WebSocketOpcode::text && says_end(message->payload)) {
            said_end_ = true;
            co_return Received::ended;
        } else if (message->opcode != WebSocketOpcode::pong && !message->payload.empty()) {
            input_ = std::move(message->payload);
            co_return Received::data;
        }
    }
}

Task<ClientChannel::Received> ClientChannel::receive() {
    input_.clear();
    while (true) {
        if (form_ == Form::websocket) {
            const Received received = co_await take_messages();
            if (received != Received::data || !input_.empty()) co_return received;
        } else if (!stream_.buffered().empty()) {
            input_ = stream_.buffered();
            stream_.consume(input_.size());
            co_return Received::data;
        }
        const ReadResult result = co_await stream_.fill();
        if (result != ReadResult::data) {
            co_return form_ == Form::websocket ? Received::gone : Received::ended;
        }
    }
}

Task<void> ClientChannel::farewell() {
    if (form_ != Form::websocket) co_return;
    std::string frame;
    append_websocket_frame(frame, WebSocketOpcode::close,
                           websocket_close_payload(WebSocketClose::normal));
    co_await write(frame, {});
}
