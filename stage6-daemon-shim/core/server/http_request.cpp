#include "stage6-daemon-shim/core/server/http_exchange.hpp"

// What a handler left unread is read past up to here; beyond it closing is cheaper.
static constexpr std::size_t kDiscardedBytesMax = 64 * 1024;

std::string HttpRequest::parameter(std::string_view name) const {
    for (const auto& [key, value] : parameters_) {
        if (key == name) return value;
    }
    return {};
}

void HttpRequest::set_route(Parameters parameters, int api_minor_version) {
    parameters_ = std::move(parameters);
    api_minor_version_ = api_minor_version;
}

Task<bool> HttpRequest::read_head() {
    head_read_ = body_failed_ = continue_sent_ = false;
    head_.method = {};
    if (stream_.buffered().empty()) {
        const ReadResult result = co_await stream_.fill(Clock::now() + context_.timeouts.idle);
        if (result != ReadResult::data) co_return false;
    }
    HeadScanner scanner;
    std::size_t length = scanner.scan(stream_.buffered());
    const Deadline deadline = Clock::now() + context_.timeouts.head;
    while (length == 0) {
        const ReadResult result = co_await stream_.fill(deadline);
        if (result == ReadResult::end) co_return false;
        if (result == ReadResult::timed_out) throw HttpError{408, "request head took too long"};
        length = scanner.scan(stream_.buffered());
    }
    parse_request_head(stream_.buffered().substr(0, length), head_);
    stream_.consume(length);
    target_ = split_target(head_.target);
    query_ = Query{target_.query};
    decoder_ = BodyDecoder{head_};
    head_read_ = true;
    co_return true;
}

Task<bool> HttpRequest::read_some(std::string& output) {
    const std::size_t before = output.size();
    body_failed_ = true;  // unless it ends well
    while (!decoder_.done()) {
        stream_.consume(decoder_.decode(stream_.buffered(), output));
        if (output.size() > before || decoder_.done()) break;
        if (head_.expects_continue && !continue_sent_) {
            continue_sent_ = true;
            co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
        }
        const ReadResult result = co_await stream_.fill(Clock::now() + context_.timeouts.body);
        if (result == ReadResult::timed_out) throw HttpError{408, "request body took too long"};
        if (result == ReadResult::end) throw HttpError{400, "unexpected end of the request body"};
    }
    body_failed_ = false;
    co_return output.size() > before;
}

Task<std::string> HttpRequest::read_body(std::size_t bytes_max) {
    const HttpError too_large{
        413, "request body is larger than " + std::to_string(bytes_max) + " bytes"};
    std::string body;
    if (head_.content_length > bytes_max) {
        body_failed_ = true;
        throw too_large;
    }
    bool more = true;
    while (more) {
        more = co_await read_some(body);
        if (body.size() <= bytes_max) continue;
        body_failed_ = true;
        throw too_large;
    }
    co_return body;
}

Task<Json> HttpRequest::read_json() {
    if (!has_body()) throw HttpError{400, "invalid JSON: got EOF while reading request body"};
    const std::string_view content_type = head_.header("Content-Type");
    const std::string_view media_type = content_type.substr(0, content_type.find_first_of("; "));
    if (!equal_ignoring_case(media_type, "application/json")) {
        throw HttpError{400, "Content-Type specified (" + std::string{content_type} +
                                 ") must be 'application/json'"};
    }
    const std::string body = co_await read_body();
    if (body.empty()) throw HttpError{400, "invalid JSON: got EOF while reading request body"};
    co_return parse_json(body, {.bytes_max = kJsonBodyBytesMax, .values_max = kJsonBodyValuesMax});
}

Task<void> HttpRequest::discard_body() {
    const bool client_waits = head_.expects_continue && !continue_sent_;
    if (!head_read_ || body_failed_ || client_waits) co_return;
    if (head_.content_length > kDiscardedBytesMax) co_return;
    try {
        std::string ignored;
        bool more = true;
        while (more && ignored.size() <= kDiscardedBytesMax) more = co_await read_some(ignored);
    } catch (const HttpError&) {
        // The answer to the request stays what it is; the connection is closed after it.
    }
}
