#include <charconv>

#include "stage6-daemon-shim/core/server/http_exchange.hpp"
#include "stage6-daemon-shim/core/wire/websocket.hpp"

const std::string& HttpContext::date_line() {
    const std::time_t now = std::time(nullptr);
    if (now != second_) {
        second_ = now;
        char text[64];
        std::tm parts{};
        ::gmtime_r(&now, &parts);
        date_line_.assign(
            text, std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts));
    }
    return date_line_;
}

void HttpResponder::reset() {
    state_ = State::nothing;
    added_headers_.clear();
}

void HttpResponder::add_header(std::string_view name, std::string_view value) {
    append_header(added_headers_, name, value);
}

void HttpResponder::begin_head(int status, std::string_view content_type, std::string_view reason) {
    head_.clear();
    append_status_line(head_, status, reason);
    head_ += context_.headers;
    head_ += context_.date_line();
    if (!content_type.empty()) append_header(head_, "Content-Type", content_type);
    head_ += added_headers_;
}

static void append_content_length(std::string& head, std::size_t length) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, length).ptr;
    append_header(head, "Content-Length", {digits, static_cast<std::size_t>(end - digits)});
}

Task<void> HttpResponder::send(int status, std::string_view content_type, std::string_view body) {
    if (!request_.body_ended()) co_await request_.discard_body();
    begin_head(status, content_type);
    if (!request_.reusable()) append_header(head_, "Connection", "close");
    const bool bodiless = status == 204 || status == 304;
    if (!bodiless) append_content_length(head_, body.size());
    head_ += "\r\n";
    state_ = State::whole;
    co_await stream_.write_pieces({head_, bodiless || !has_body() ? std::string_view{} : body, {}});
}

Task<void> HttpResponder::send_json(int status, Json value) {
    const std::string body = value.text() + "\n";
    co_await send(status, "application/json", body);
}

Task<void> HttpResponder::send_error(int status, std::string message) {
    added_headers_.clear();
    if (status == 426) add_header("Sec-WebSocket-Version", "13");
    // The docker CLI compares the content type as a string: no charset behind it.
    Json body;
    body["message"] = std::move(message);
    co_await send_json(status, std::move(body));
}

Task<void> HttpResponder::start_stream(int status, std::string_view content_type) {
    if (!request_.body_ended()) co_await request_.discard_body();
    begin_head(status, content_type);
    if (!request_.reusable()) append_header(head_, "Connection", "close");
    if (chunked()) append_header(head_, "Transfer-Encoding", "chunked");
    head_ += "\r\n";
    state_ = State::streaming;
    co_await stream_.write(head_);
}

Task<void> HttpResponder::write(std::string_view bytes) {
    // An empty chunk would be the last.
    if (bytes.empty() || !has_body()) co_return;
    if (!chunked()) {
        co_await stream_.write(bytes);
        co_return;
    }
    head_.clear();
    append_chunk_head(head_, bytes.size());
    co_await stream_.write_pieces({head_, bytes, kChunkEnd});
}

Task<void> HttpResponder::finish() {
    if (state_ == State::nothing) throw HttpError{500, "the request was not answered"};
    if (state_ != State::streaming) co_return;
    state_ = State::whole;
    if (chunked() && has_body()) co_await stream_.write(kLastChunk);
}

Task<void> HttpResponder::hijack(std::string_view content_type) {
    if (!request_.body_ended()) co_await request_.discard_body();
    const std::string_view protocol = request_.head().header("Upgrade");
    if (protocol.empty()) {
        begin_head(200, "application/vnd.docker.raw-stream");
        append_header(head_, "Connection", "close");
    } else {
        begin_head(101, content_type, "UPGRADED");
        append_header(head_, "Connection", "Upgrade");
        append_header(head_, "Upgrade", protocol);
    }
    head_ += "\r\n";
    state_ = State::hijacked;
    co_await stream_.write(head_);
}

Task<void> HttpResponder::hijack_websocket() {
    const std::string key = websocket_handshake(request_.head());
    if (!request_.body_ended()) co_await request_.discard_body();
    begin_head(101, {});
    append_header(head_, "Connection", "Upgrade");
    append_header(head_, "Upgrade", "websocket");
    append_header(head_, "Sec-WebSocket-Accept", key);
    head_ += "\r\n";
    state_ = State::hijacked;
    co_await stream_.write(head_);
}
