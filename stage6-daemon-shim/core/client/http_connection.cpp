#include "stage6-daemon-shim/core/client/http_connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/socket.hpp"

static constexpr std::chrono::seconds kSendTimeout{30};
static constexpr int kSwitchingProtocols = 101;

static Failure no_http(const std::exception& error) {
    return Failure{std::string{"the daemon's answer is no HTTP: "} + error.what()};
}

const ResponseHead& HttpConnection::exchange(const ClientRequest& request) {
    std::string text{request.method};
    text.append(" ").append(request.target).append(" HTTP/1.1\r\n");
    append_header(text, "Host", "localhost");
    append_header(text, "User-Agent", "slipway");
    if (request.upgrade) {
        append_header(text, "Connection", "Upgrade");
        append_header(text, "Upgrade", "tcp");
    }
    if (!request.json.empty()) append_header(text, "Content-Type", "application/json");
    if (!request.json.empty() || request.method == "POST") {
        append_header(text, "Content-Length", std::to_string(request.json.size()));
    }
    text.append("\r\n").append(request.json);
    if (told_) told_->from_client(text);
    try {
        send_all(socket_.get(), text, kSendTimeout);
    } catch (const SystemError& error) {
        throw ConnectionLost{error.what()};
    }
    receive_head(request.method);
    return head_;
}

// False when nobody reads it any more: then there may be an answer that says why.
bool HttpConnection::send(std::string_view bytes) try {
    if (told_) told_->from_client(bytes);
    send_all(socket_.get(), bytes, kSendTimeout);
    return true;
} catch (const SystemError&) {
    return false;
}

const ResponseHead& HttpConnection::upload(const ClientRequest& request, int file) {
    std::string text{request.method};
    text.append(" ").append(request.target).append(" HTTP/1.1\r\n");
    append_header(text, "Host", "localhost");
    append_header(text, "User-Agent", "slipway");
    append_header(text, "Content-Type", "application/x-tar");
    append_header(text, "Transfer-Encoding", "chunked");
    bool open = send(text + "\r\n");
    std::string piece(64 * 1024, '\0');
    while (open) {
        const auto count = retry([&] { return ::read(file, piece.data(), piece.size()); });
        const auto size = static_cast<std::size_t>(check(count, "read", "the archive"));
        std::string chunk;
        append_chunk_head(chunk, size);
        chunk.append(piece, 0, size).append("\r\n");
        open = send(chunk) && size > 0;
    }
    receive_head(request.method);
    return head_;
}

// Waits for more bytes. False at the end of the stream.
bool HttpConnection::fill() {
    char piece[64 * 1024];
    const auto count = retry([&] { return ::recv(socket_.get(), piece, sizeof piece, 0); });
    if (count == -1) throw ConnectionLost{SystemError{errno, "receive"}.what()};
    const std::string_view bytes{piece, static_cast<std::size_t>(count)};
    if (told_ && count > 0) told_->from_daemon(bytes);
    if (told_ && count == 0) told_->daemon_ended();
    input_ += bytes;
    return count > 0;
}

void HttpConnection::receive_head(std::string_view method) try {
    do {
        HeadScanner scanner;
        std::size_t length = 0;
        while ((length = scanner.scan(input_)) == 0) {
            if (!fill()) throw ConnectionLost{"the daemon closed the connection"};
        }
        parse_response_head(std::string_view{input_}.substr(0, length), method, head_);
        input_.erase(0, length);
    } while (head_.status < 200 && head_.status != kSwitchingProtocols);
    if (head_.status == kSwitchingProtocols) head_.framing = Framing::until_close;
    decoder_ = BodyDecoder{head_};
} catch (const HttpError& error) {
    throw no_http(error);
}

bool HttpConnection::receive(std::string& output) try {
    const std::size_t size = output.size();
    while (output.size() == size) {
        if (decoder_.done()) return false;
        if (input_.empty() && !fill()) {
            if (head_.framing == Framing::until_close) return false;
            throw ConnectionLost{"the daemon closed the connection"};
        }
        input_.erase(0, decoder_.decode(input_, output));
    }
    return true;
} catch (const HttpError& error) {
    throw no_http(error);
}

bool HttpConnection::is_reusable() const {
    if (!decoder_.done() || !head_.keep_alive || !input_.empty()) return false;
    pollfd quiet{socket_.get(), POLLIN, 0};
    return ::poll(&quiet, 1, 0) == 0;
}

std::size_t HttpConnection::send_some(std::string_view bytes) {
    try {
        const std::size_t count = ::send_some(socket_.get(), bytes);
        if (told_ && count > 0) told_->from_client(bytes.substr(0, count));
        return count;
    } catch (const SystemError& error) {
        throw ConnectionLost{error.what()};
    }
}

void HttpConnection::end_sending() {
    // The other side may be gone already: then there is nothing to tell it.
    ::shutdown(socket_.get(), SHUT_WR);
    if (told_) told_->client_ended();
}
