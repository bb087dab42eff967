// What client and daemon say to each other, written down for a person: `slipway --wire`,
// `slipwayd --wire FILE`. It looks at copies of bytes that have been sent or received anyway, and
// changes nothing.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/wire/body.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/core/wire/stream_frames.hpp"
#include "stage6-daemon-shim/core/wire/websocket.hpp"

class Conversation;

// Where conversations are written down. Each piece is one write(2), so that those of several
// processes stay whole. Must outlive them.
class WireLog {
public:
    // Appends to the file, which its owner alone may read: what is sent holds passwords. "-" is
    // standard error. Throws SystemError.
    explicit WireLog(const std::string& path);

    // Of one more connection; they are numbered from 1.
    std::unique_ptr<Conversation> begin();

    // The lines of `text` behind `prefix`, those after the first below it. A full disk is no reason
    // to fail for who only looks on.
    void tell(const std::string& prefix, std::string_view text) const;

private:
    Fd file_;
    unsigned connections_ = 0;
};

// One connection. Whatever way the bytes were cut, the text is the same but for data in streams,
// which is told as it comes. Never throws for what was sent: what makes no sense is shown as bytes.
class Conversation {
public:
    Conversation(const WireLog& log, unsigned number);

    void from_client(std::string_view bytes) { take(client_, bytes); }
    void from_daemon(std::string_view bytes) { take(daemon_, bytes); }

    // That side sends nothing more.
    void client_ended() { end(client_); }
    void daemon_ended() { end(daemon_); }

private:
    enum class State {
        head,
        waiting,  // the client has asked for an upgrade: the answer tells how it goes on
        body,
        stream,
        websocket,
    };
    enum class Content { data, json, archive, stream };
    struct Side {
        std::string prefix;
        const char* input_name;  // of a stream without frames: "stdin "
        WebSocketDecoder messages;
        State state = State::head;
        Content content = Content::data;
        BodyDecoder body{};
        bool has_lines = false;       // JSON, one value a line
        std::string input{}, text{};  // not decoded yet; decoded and not told yet
        std::size_t archive_bytes = 0;
        std::optional<bool> is_framed{};
        StreamFrameDecoder frames{};
        bool has_ended = false;
    };

    void take(Side& side, std::string_view bytes);
    bool step(Side& side);
    bool take_head(Side& side);
    void take_request(std::string_view text);
    void take_answer(std::string_view text);
    void begin_body(Side& side, const MessageHead& head);
    State state_after_body(const Side& side) const;
    void begin_streams(const ResponseHead& head);
    void take_body(Side& side);
    void take_json(Side& side, std::string_view bytes);
    void take_stream(Side& side, std::string_view bytes);
    void take_messages(Side& side);
    void end(Side& side);
    void tell_rest(Side& side);
    void tell(const Side& side, std::string_view text) const { log_.tell(side.prefix, text); }

    const WireLog& log_;
    Side client_, daemon_;
    std::deque<std::string> methods_;  // of requests without an answer
    bool asks_for_upgrade_ = false;
};
