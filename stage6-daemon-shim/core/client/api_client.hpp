// What a client asks of the daemon: the Docker Engine's HTTP interface on a Unix socket.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "stage6-daemon-shim/core/client/http_connection.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"

// There is nobody at the socket, or we may not talk to them.
class Unreachable : public Failure {
    using Failure::Failure;
};

// The daemon said no. The text is its message.
class ApiError : public Failure {
public:
    ApiError(int status, const std::string& message) : Failure{message}, status_{status} {}

    int status() const { return status_; }

private:
    int status_;
};

// The version of the interface that we speak, in the path of every request.
constexpr std::string_view kApiVersion = "1.44";

// "a b/c" as "a%20b%2Fc", fit for one part of a path and for a query.
std::string percent_encoded(std::string_view text);

// The target of a request: a path behind the version of the interface, then its parameters.
//   ApiTarget{"/containers/", name, "/logs"}.with("follow", "1")
class ApiTarget {
public:
    // `name` stands between two fixed texts and is encoded.
    explicit ApiTarget(std::string_view path, std::string_view name = {},
                       std::string_view end = {});

    ApiTarget& with(std::string_view name, std::string_view value);

    // with(name, "1") where `on`; with(name, value) where there is a value.
    ApiTarget& with_flag(std::string_view name, bool on);
    ApiTarget& with_text(std::string_view name, std::string_view value);

    const std::string& text() const { return text_; }

private:
    std::string text_;
};

class ApiClient {
public:
    struct Response {
        int status;
        std::string body;
    };

    // Connects when first needed. `daemon` is the name for the advice "is slipwayd running?".
    ApiClient(std::string socket_path, std::string daemon);

    // From now on what is said is written down there too; it must outlive us.
    void tell(WireLog& log) { log_ = &log; }

    // One request and its whole answer, over a connection that is kept for the next. Throws
    // ApiError for a status of 400 and above, Unreachable, ConnectionLost.
    Response request(std::string_view method, const ApiTarget& target,
                     const std::optional<Json>& body = {});

    // The same, and its answer as JSON.
    Json get(const ApiTarget& target);
    Json post(const ApiTarget& target, const Json& body);

    // An answer that comes in pieces, on a connection of its own: returns once its head is here.
    HttpConnection open_stream(std::string_view method, const ApiTarget& target);

    // Sends what can be read from `file` until its end, and returns once the answer's head is here.
    // Throws ApiError for a status of 400 and above.
    HttpConnection upload(std::string_view method, const ApiTarget& target, int file);

    // A stream of bytes both ways. Throws ApiError for any answer but 101.
    HttpConnection upgrade(const ApiTarget& target, const std::optional<Json>& body = {});

private:
    HttpConnection connect() const;

    std::string socket_path_;
    std::string daemon_;
    WireLog* log_ = nullptr;
    std::optional<HttpConnection> kept_;
};

// How long we wait for a daemon that has gone away to come back.
constexpr std::chrono::seconds kReconnectTimeout{10};

// Nothing tells when another process begins to listen: one asks again after a while.
void pause_before_retry();

// Does what needs the daemon, again and again while there is none. Throws Failure when it was not
// back in time.
template <class Action>
auto when_reachable(Action action) {
    const auto end = std::chrono::steady_clock::now() + kReconnectTimeout;
    while (true) {
        try {
            return action();
        } catch (const Unreachable&) {
        } catch (const ConnectionLost&) {
        }
        if (std::chrono::steady_clock::now() >= end) {
            throw Failure{"the daemon went away and was not back within 10 seconds"};
        }
        pause_before_retry();
    }
}
