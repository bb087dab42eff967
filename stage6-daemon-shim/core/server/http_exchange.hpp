// One HTTP request and its answer, as a handler sees them. Both belong to the connection and live
// at least until the handler's task has ended; a task that outlives it copies what it needs.
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/core/loop/stream.hpp"
#include "stage6-daemon-shim/core/wire/body.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/core/wire/target.hpp"

constexpr std::size_t kJsonBodyBytesMax = 1u << 20;
// What is read from a body is compared each with each in places (variables, fields): a hundred
// thousand of them in one request would keep everybody waiting.
constexpr std::size_t kJsonBodyValuesMax = 10'000;

struct HttpTimeouts {
    Clock::duration idle = std::chrono::seconds{60};  // between two requests
    Clock::duration head = std::chrono::seconds{10};  // from a head's first byte to its last
    Clock::duration body = std::chrono::seconds{30};  // without one byte of it
    Clock::duration linger = std::chrono::seconds{2};
};

// What all connections of a server share.
class HttpContext {
public:
    HttpContext(HttpTimeouts all_timeouts, std::string all_headers)
        : timeouts{all_timeouts}, headers{std::move(all_headers)} {}

    HttpTimeouts timeouts;
    std::string headers;  // "Server: slipway\r\n...": of every answer

    // "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", made once a second.
    const std::string& date_line();

private:
    std::time_t second_ = 0;
    std::string date_line_;
};

class HttpRequest {
public:
    HttpRequest(Stream& stream, HttpContext& context) : stream_{stream}, context_{context} {}

    const RequestHead& head() const { return head_; }
    std::string_view method() const { return head_.method; }
    std::string_view path() const { return target_.path; }  // as sent, still encoded
    const Query& query() const { return query_; }

    // What the router found: {id} of the route's pattern, decoded, empty where the pattern has
    // no such name; and N of /v1.N.
    std::string parameter(std::string_view name) const;
    int api_minor_version() const { return api_minor_version_; }
    using Parameters = std::vector<std::pair<std::string_view, std::string>>;
    void set_route(Parameters parameters, int api_minor_version);

    bool has_body() const { return head_.framing == Framing::chunked || head_.content_length > 0; }

    // Appends the next bytes of the body; false at its end. Throws HttpError 400 or 408.
    Task<bool> read_some(std::string& output);

    // The whole body. Throws HttpError 413 above the limit, before it has stored more.
    Task<std::string> read_body(std::size_t bytes_max = kJsonBodyBytesMax);

    // The body as JSON. Throws HttpError 400 where there is none or where Content-Type is another
    // (which keeps a browser's forms out), and JsonError.
    Task<Json> read_json();

    // For the server. Waits for the next request; false when no more will come. Throws HttpError.
    Task<bool> read_head();

private:
    friend class HttpResponder;

    bool body_ended() const { return head_read_ && decoder_.done(); }
    bool reusable() const { return body_ended() && !body_failed_ && head_.keep_alive; }
    Task<void> discard_body();

    Stream& stream_;
    HttpContext& context_;
    RequestHead head_;
    Target target_;
    Query query_;
    BodyDecoder decoder_;
    Parameters parameters_;
    int api_minor_version_ = 0;
    bool head_read_ = false;
    bool body_failed_ = false;  // nobody knows where the next request begins
    bool continue_sent_ = false;
};

class HttpResponder {
public:
    HttpResponder(HttpRequest& request, Stream& stream, HttpContext& context)
        : request_{request}, stream_{stream}, context_{context} {}

    // A header more for the answer that is sent next.
    void add_header(std::string_view name, std::string_view value);

    // A whole answer. Without a content type for 204 and 304, which have no body.
    Task<void> send(int status, std::string_view content_type = {}, std::string_view body = {});
    Task<void> send_json(int status, Json value);
    Task<void> send_error(int status, std::string message);  // {"message":"..."}

    // An answer in pieces: the head goes out at once, then each write() as it comes. The end is
    // sent when the handler returns; when it throws, the client sees that something is missing.
    Task<void> start_stream(int status, std::string_view content_type);
    Task<void> write(std::string_view bytes);

    // Turns the connection into a stream of bytes both ways, with 101 for a client that asks for
    // an upgrade and 200 for one that doesn't (curl). Then stream() is the handler's, what the
    // client sent early is in its buffer, and it is closed when the handler has returned.
    Task<void> hijack(std::string_view content_type);

    // The same as a WebSocket. Throws HttpError 400 or 426.
    Task<void> hijack_websocket();
    Stream& stream() { return stream_; }

    // For handlers that only read: the connection's task, and with it the handler, is destroyed
    // where it waits once the client has gone.
    void cancel_when_gone() { stream_.cancel_when_gone(stream_.loop().current()); }
    bool gone() const { return stream_.gone(); }

    // Whether an answer has begun, so that an error can't be one any more.
    bool started() const { return state_ != State::nothing; }

    // For the server: before a request, after its handler, and whether another may follow.
    void reset();
    Task<void> finish();
    bool keeps_connection() const { return state_ == State::whole && request_.reusable(); }

private:
    enum class State { nothing, streaming, whole, hijacked };

    void begin_head(int status, std::string_view content_type, std::string_view reason = {});
    Task<void> send_head();
    bool has_body() const { return request_.method() != "HEAD"; }
    bool chunked() const { return request_.head().minor_version > 0; }

    HttpRequest& request_;
    Stream& stream_;
    HttpContext& context_;
    State state_ = State::nothing;
    std::string added_headers_;
    std::string head_;
};
