#include "stage6-daemon-shim/core/client/api_client.hpp"

#include <poll.h>

#include "common/socket.hpp"

static constexpr std::size_t kBodyBytesMax = 64u << 20;
static constexpr int kRetryMilliseconds = 50;

std::string percent_encoded(std::string_view text) {
    constexpr char digits[] = "0123456789ABCDEF";
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string result;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (plain.find(letter) != std::string_view::npos) {
            result += letter;
        } else {
            result.append({'%', digits[byte >> 4], digits[byte & 15]});
        }
    }
    return result;
}

ApiTarget::ApiTarget(std::string_view path, std::string_view name, std::string_view end)
    : text_{"/v"} {
    text_.append(kApiVersion).append(path).append(percent_encoded(name)).append(end);
}

ApiTarget& ApiTarget::with(std::string_view name, std::string_view value) {
    text_ += text_.find('?') == std::string::npos ? '?' : '&';
    text_.append(name).append("=").append(percent_encoded(value));
    return *this;
}

ApiTarget& ApiTarget::with_flag(std::string_view name, bool on) {
    return on ? with(name, "1") : *this;
}

ApiTarget& ApiTarget::with_text(std::string_view name, std::string_view value) {
    return value.empty() ? *this : with(name, value);
}

// The rest of the body.
static std::string receive_all(HttpConnection& connection) {
    std::string body;
    while (connection.receive(body)) {
        if (body.size() > kBodyBytesMax) throw Failure{"the daemon's answer is larger than 64 MiB"};
    }
    return body;
}

// {"message":"..."}, or whatever stands there instead.
static std::string message_of(const ResponseHead& head, const std::string& body) {
    try {
        const Json json = parse_json(body);
        const Json* message = json.find("message");
        if (message != nullptr && message->is_string() && !message->as_string().empty()) {
            return printable(message->as_string());
        }
    } catch (const JsonError&) {
        // A server in between may answer in plain text.
    }
    const auto end = body.find_last_not_of(" \r\n");
    const std::string text = end == std::string::npos ? "" : body.substr(0, end + 1);
    const std::string status =
        "the daemon answered " + std::to_string(head.status) + " (" + printable(head.reason) + ")";
    return text.empty() ? status : status + ": " + printable(text);
}

ApiClient::ApiClient(std::string socket_path, std::string daemon)
    : socket_path_{std::move(socket_path)}, daemon_{std::move(daemon)} {}

HttpConnection ApiClient::connect() const try {
    Fd socket = connect_unix(socket_path_);
    return HttpConnection{std::move(socket), log_ == nullptr ? nullptr : log_->begin()};
} catch (const SystemError& error) {
    const bool nobody = error.error() == ENOENT || error.error() == ECONNREFUSED;
    const std::string hint = nobody ? " (is " + daemon_ + " running?)" : "";
    throw Unreachable{"cannot connect to the daemon at unix://" + printable(socket_path_) + ": " +
                      error_text(error.error()) + hint};
}

static std::string body_text(const std::optional<Json>& body) {
    return body ? body->text() : std::string{};
}

ApiClient::Response ApiClient::request(std::string_view method, const ApiTarget& target,
                                       const std::optional<Json>& body) {
    // The daemon ends connections that are idle for long: seen before the request is sent, so
    // that none has to be sent twice.
    if (!kept_ || !kept_->is_reusable()) kept_.emplace(connect());
    try {
        const std::string json = body_text(body);
        const auto& head =
            kept_->exchange({.method = method, .target = target.text(), .json = json});
        std::string text = receive_all(*kept_);
        if (head.status >= 400) throw ApiError{head.status, message_of(head, text)};
        return {head.status, std::move(text)};
    } catch (const ApiError&) {
        throw;
    } catch (const Failure&) {
        kept_.reset();
        throw;
    }
}

static Json json_of(const ApiClient::Response& response) {
    return parse_json(response.body, {.bytes_max = kBodyBytesMax});
}

Json ApiClient::get(const ApiTarget& target) {
    return json_of(request("GET", target));
}

Json ApiClient::post(const ApiTarget& target, const Json& body) {
    return json_of(request("POST", target, body));
}

HttpConnection ApiClient::open_stream(std::string_view method, const ApiTarget& target) {
    HttpConnection connection = connect();
    const auto& head = connection.exchange({.method = method, .target = target.text()});
    if (head.status >= 400) throw ApiError{head.status, message_of(head, receive_all(connection))};
    return connection;
}

HttpConnection ApiClient::upload(std::string_view method, const ApiTarget& target, int file) {
    HttpConnection connection = connect();
    const auto& head = connection.upload({.method = method, .target = target.text()}, file);
    if (head.status >= 400) throw ApiError{head.status, message_of(head, receive_all(connection))};
    return connection;
}

HttpConnection ApiClient::upgrade(const ApiTarget& target, const std::optional<Json>& body) {
    HttpConnection connection = connect();
    const std::string json = body_text(body);
    const auto& head = connection.exchange(
        {.method = "POST", .target = target.text(), .json = json, .upgrade = true});
    if (head.status == 101) return connection;
    if (head.status >= 400) throw ApiError{head.status, message_of(head, receive_all(connection))};
    throw ApiError{head.status,
                   "unable to upgrade to tcp, received " + std::to_string(head.status)};
}

void pause_before_retry() {
    ::poll(nullptr, 0, kRetryMilliseconds);
}
