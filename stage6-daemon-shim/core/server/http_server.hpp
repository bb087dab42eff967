// An HTTP/1.1 server on a listening Unix socket: one task a connection, requests in order.
#pragma once

#include <functional>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/loop/event_loop.hpp"
#include "stage6-daemon-shim/core/server/http_exchange.hpp"
#include "stage6-daemon-shim/core/transcript/conversation.hpp"

// Answers one request. An HttpError that it throws is the answer with that status, a JsonError
// one with 400, any other exception one with 500.
using HttpHandler = std::function<Task<void>(HttpRequest&, HttpResponder&)>;

struct HttpServerOptions {
    std::vector<std::pair<std::string, std::string>> headers;  // of every answer
    HttpTimeouts timeouts;
    std::size_t connections_max = 0;  // 0: RLIMIT_NOFILE less a reserve
    WireLog* log = nullptr;           // where all that is said is written down; must outlive it
};

class HttpServer {
public:
    // `listener` is a non-blocking socket that listens already. The server must not outlive the
    // loop, nor be destroyed while it runs.
    HttpServer(EventLoop& loop, Fd listener, HttpHandler handler, HttpServerOptions options);
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();  // closes every connection

    std::size_t connections() const { return connections_.size(); }

private:
    // A connection's place in the list, given back when its task is destroyed.
    class Place;

    Task<void> accept_connections();
    bool accept_connection();
    void admit(Fd socket);
    void refuse(Fd socket, const char* why);
    bool shed_connection();
    Task<void> serve(Place place, Fd socket);
    Task<bool> serve_request(HttpRequest& request, HttpResponder& responder);
    Task<void> linger(Stream& stream);

    EventLoop& loop_;
    Fd listener_;
    Watch arrivals_;
    Fd spare_;  // given up for a moment to be able to refuse when no descriptor is left
    HttpHandler handler_;
    HttpContext context_;
    std::size_t connections_max_;
    WireLog* log_;
    std::list<TaskId> connections_;
    ScopedTask accepting_;
};
