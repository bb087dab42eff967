#include "stage6-daemon-shim/core/server/http_server.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/error.hpp"

// Left for what the containers need: pipes, logs, shims.
static constexpr std::size_t kDescriptorReserve = 64;

static constexpr std::chrono::milliseconds kAcceptPause{100};

class HttpServer::Place {
public:
    explicit Place(HttpServer& server)
        : server_{&server}, at_{server.connections_.insert(server.connections_.end(), 0)} {}
    Place(Place&& other) noexcept
        : server_{std::exchange(other.server_, nullptr)}, at_{other.at_} {}
    Place& operator=(Place&&) = delete;
    ~Place() {
        if (server_ != nullptr) server_->connections_.erase(at_);
    }

    TaskId& task() { return *at_; }

private:
    HttpServer* server_;
    std::list<TaskId>::iterator at_;
};

static std::size_t connections_from_limit() {
    rlimit limit{};
    check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    const auto descriptors = static_cast<std::size_t>(limit.rlim_cur);
    return descriptors >= 2 * kDescriptorReserve ? descriptors - kDescriptorReserve
                                                 : descriptors / 2;
}

static Fd open_spare() {
    return Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

static std::string joined(const std::vector<std::pair<std::string, std::string>>& headers) {
    std::string lines;
    for (const auto& [name, value] : headers) append_header(lines, name, value);
    return lines;
}

HttpServer::HttpServer(EventLoop& loop, Fd listener, HttpHandler handler, HttpServerOptions options)
    : loop_{loop},
      listener_{std::move(listener)},
      arrivals_{loop, listener_.get()},
      spare_{open_spare()},
      handler_{std::move(handler)},
      context_{options.timeouts, joined(options.headers)},
      connections_max_{options.connections_max > 0 ? options.connections_max
                                                   : connections_from_limit()},
      log_{options.log},
      accepting_{loop, accept_connections()} {}

HttpServer::~HttpServer() {
    while (!connections_.empty()) loop_.cancel(connections_.front());
}

// --- accepting ----------------------------------------------------------------------------------

Task<void> HttpServer::accept_connections() {
    while (true) {
        co_await arrivals_.readable();
        if (accept_connection()) {
            co_await loop_.breathe();
        } else if (errno == EAGAIN) {
            arrivals_.drained();
        } else {
            // No memory, or no descriptor in the whole system: trying again at once would spin.
            co_await loop_.sleep_for(kAcceptPause);
        }
    }
}

// True when a connection was taken from the queue, or may have been; false with errno otherwise.
bool HttpServer::accept_connection() {
    Fd socket{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (socket) {
        admit(std::move(socket));
        return true;
    }
    if (errno == EINTR || errno == ECONNABORTED) return true;
    if (errno == EMFILE || errno == ENFILE) return shed_connection();
    return false;
}

bool HttpServer::shed_connection() {
    spare_.close();
    Fd socket{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    const bool accepted{socket};
    const int error = errno;
    if (accepted) refuse(std::move(socket), "too many open files");
    spare_ = open_spare();
    errno = error;
    return accepted;
}

void HttpServer::admit(Fd socket) {
    if (connections_.size() >= connections_max_)
        return refuse(std::move(socket), "too many connections");
    Place place{*this};
    TaskId& task = place.task();
    task = loop_.spawn(serve(std::move(place), std::move(socket)));
}

// One line and away: whatever does not fit into the empty buffer of a new socket is not sent.
void HttpServer::refuse(Fd socket, const char* why) {
    const std::string body = Json::object({{"message", why}}).text();
    std::string answer;
    append_status_line(answer, 503);
    answer += context_.headers;
    append_header(answer, "Content-Type", "application/json");
    append_header(answer, "Content-Length", std::to_string(body.size()));
    append_header(answer, "Connection", "close");
    answer.append("\r\n").append(body);
    ::send(socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

// --- serving ------------------------------------------------------------------------------------

Task<void> HttpServer::serve(Place, Fd socket) {
    Stream stream{loop_, std::move(socket)};
    if (log_ != nullptr) stream.tell(log_->begin());
    HttpRequest request{stream, context_};
    HttpResponder responder{request, stream, context_};
    try {
        bool more = true;
        while (more) more = co_await serve_request(request, responder);
    } catch (const PeerGone&) {
        co_return;
    }
    co_await linger(stream);
}

Task<bool> HttpServer::serve_request(HttpRequest& request, HttpResponder& responder) {
    int status = 0;
    std::string message;
    responder.reset();
    try {
        const bool arrived = co_await request.read_head();
        if (!arrived) co_return false;
        co_await handler_(request, responder);
        co_await responder.finish();
    } catch (const PeerGone&) {
        throw;
    } catch (const HttpError& error) {
        status = error.status();
        message = error.what();
    } catch (const JsonError& error) {
        status = 400;
        message = error.what();
    } catch (const std::exception& error) {
        status = 500;
        message = error.what();
    }
    responder.stream().cancel_when_gone(0);
    if (status != 0) {
        if (responder.started()) co_return false;
        co_await responder.send_error(status, std::move(message));
    }
    co_return responder.keeps_connection();
}

// Closing while the client still writes would take the answer from it, with a broken pipe or a
// reset: so it first sees the end, and what it still sends is thrown away for a while.
Task<void> HttpServer::linger(Stream& stream) {
    stream.shutdown_write();
    const Deadline deadline = Clock::now() + context_.timeouts.linger;
    ReadResult result = ReadResult::data;
    while (result == ReadResult::data && Clock::now() < deadline) {
        stream.consume(stream.buffered().size());
        result = co_await stream.fill(deadline);
    }
}
